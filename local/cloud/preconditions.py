"""
What ``gcp-storage-emulator`` ignores: generations as preconditions, and the pages of a list.

Its handlers are wrapped. A wrapped one has read its request before it takes its turn, and looks at the
object and changes it within that turn, so that of many who create one object exactly one does.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from itertools import dropwhile, islice, takewhile
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gcp_storage_emulator import server
from gcp_storage_emulator.exceptions import NotFound
from gcp_storage_emulator.handlers import objects

from local.cloud.bill import Bill, Handler, writes

Query = Mapping[str, list[str]]
Table = tuple[tuple[str, dict[str, Handler]], ...]

PAGE = 1000
_TURN = threading.Lock()


def guarded(table: Iterable[tuple[str, Mapping[str, Handler]]]) -> Table:
    """The emulator's table of handlers, with ours around or in place of its own, and their bill."""
    uploads, bill = Uploads(), Bill()
    ours: dict[Handler, Handler] = {
        objects.insert: uploads.begin,
        objects.upload_partial: uploads.go_on,
        objects.xml_upload: _signed_put,
        objects.ls: _list,
        **{
            handler: partial(_conditional, handler)
            for handler in (objects.get, objects.download, objects.delete, objects.patch, objects.compose)
        },
    }
    bound: Table = tuple(
        (
            path,
            {
                method: partial(_in_turn, ours.get(handler, handler), bill.line(handler))
                for method, handler in methods.items()
            },
        )
        for path, methods in table
    )
    return (
        (r"^/operations$", {"GET": bill.show}),
        (r"^/writes$", {"GET": partial(_in_turn, writes, _nothing)}),
        *bound,
    )


def take_the_last_turn() -> None:
    """Return once no handler works on the store; from then on none ever does."""
    _TURN.acquire()


class Uploads:
    """Uploads in pieces: what was asked for at their beginning holds until their end."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[str, str, Query]] = {}
        self._stored: dict[str, dict[str, Any]] = {}

    def begin(self, request: Any, response: Any, storage: Any) -> None:
        """An upload in one request, or the beginning of one in several."""
        if "upload_id" in request.query:
            self.go_on(request, response, storage)
            return
        bucket, name = request.params["bucket_name"], _name_in(request)
        if not _holds(request.query, storage, bucket, name):
            _refuse(response)
            return
        objects.insert(request, response, storage)
        if request.query.get("uploadType") == ["resumable"]:
            [upload] = parse_qs(urlsplit(response["Location"]).query)["upload_id"]
            self._asked[upload] = (bucket, name, request.query)

    def go_on(self, request: Any, response: Any, storage: Any) -> None:
        """The next piece. One that is sent again after the last is answered as it was the first time."""
        [upload] = request.query["upload_id"]
        if upload in self._stored:
            response.json(self._stored[upload])
            return
        bucket, name, query = self._asked.get(upload, ("", "", {}))
        if not _holds(query, storage, bucket, name):
            _refuse(response)
            return
        objects.upload_partial(request, response, storage)
        if response.status == HTTPStatus.OK:
            self._stored[upload] = storage.get_file_obj(bucket, name)
            del self._asked[upload]


def _nothing() -> None:
    """To look at the books costs nothing."""


def _in_turn(handler: Handler, note: Callable[[], None], request: Any, response: Any, storage: Any) -> None:
    if handler is _signed_put:  # the content as it is, whatever type it is said to have, and be it empty
        request._data = server._read_raw_data(request._request_handler) or b""
    _ = request.data
    with _TURN:
        note()
        handler(request, response, storage)


def _signed_put(request: Any, response: Any, storage: Any) -> None:
    if (wanted := request.get_header("x-goog-if-generation-match")) is not None:
        bucket, name = request.params["bucket_name"], request.params["object_id"]
        if not _holds({"ifGenerationMatch": [wanted]}, storage, bucket, name):
            _refuse(response)
            return
    objects.xml_upload(request, response, storage)


def _conditional(handler: Handler, request: Any, response: Any, storage: Any) -> None:
    bucket, name = request.params["bucket_name"], request.params["object_id"]
    found = _find(storage, bucket, name)
    wanted = request.query.get("generation")
    if _is_not_the(wanted, found) or (found is None and request.method == "GET"):
        response.status = HTTPStatus.NOT_FOUND
    elif not _holds(request.query, storage, bucket, name):
        _refuse(response)
    else:
        handler(request, response, storage)
        if handler is objects.download and found is not None:
            response["X-Goog-Generation"] = found["generation"]


def _is_not_the(generation: list[str] | None, found: dict[str, str] | None) -> bool:
    return generation is not None and (found is None or generation != [found["generation"]])


def _holds(query: Query, storage: Any, bucket: str, name: str) -> bool:
    """Whether the object is as the request wants it; generation 0 is that of an absent one."""
    found = _find(storage, bucket, name) or {"generation": "0", "metageneration": "0"}
    wishes: dict[str, Callable[[str], bool]] = {
        "ifGenerationMatch": lambda wanted: found["generation"] == wanted,
        "ifGenerationNotMatch": lambda wanted: found["generation"] != wanted,
        "ifMetagenerationMatch": lambda wanted: found["metageneration"] == wanted,
        "ifMetagenerationNotMatch": lambda wanted: found["metageneration"] != wanted,
    }
    return all(holds(query[wish][0]) for wish, holds in wishes.items() if wish in query)


def _find(storage: Any, bucket: str, name: str) -> dict[str, str] | None:
    try:
        found: dict[str, str] = storage.get_file_obj(bucket, name)
    except NotFound:
        return None
    return found


def _name_in(request: Any) -> str:
    if "name" in request.query:
        return str(request.query["name"][0])
    data = request.data or {}
    return str(data.get("meta", data).get("name"))


def _refuse(response: Any) -> None:
    response.status = HTTPStatus.PRECONDITION_FAILED
    text = "At least one of the pre-conditions you specified did not hold."
    response.json({"error": {"code": 412, "message": text}})


def _list(request: Any, response: Any, storage: Any) -> None:
    """One page; its token is the name of its last object."""
    first = {name: values[0] for name, values in request.query.items()}
    try:
        found, folders = storage.get_file_list(
            request.params["bucket_name"], first.get("prefix"), first.get("delimiter"), first.get("matchGlob")
        )
    except NotFound:
        response.status = HTTPStatus.NOT_FOUND
        return
    start, after, end = (first.get(name, "") for name in ("startOffset", "pageToken", "endOffset"))
    rest = dropwhile(lambda it: it["name"] < start or (after and it["name"] <= after), found)
    within = takewhile(lambda it: not end or it["name"] < end, rest)
    page = list(islice(within, min(int(first.get("maxResults", PAGE)), PAGE)))
    answer = {"kind": "storage#objects", "prefixes": [] if after else folders, "items": page}
    if next(within, None) is not None:
        answer["nextPageToken"] = page[-1]["name"]
    response.json(answer)
