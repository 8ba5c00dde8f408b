"""Getting inputs and storing artefacts over signed URLs: no cloud client, no credential."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

import httpx

from shared.models.work import Artefact, Download, LogPlace

TRIES = 3
FIRST_PAUSE = 0.2
KEPT_INPUTS = 16  # two screens of eight structures
# Cloud Storage says 403 of an object that is not there to whoever may not list the bucket.
ABSENT = frozenset({403, 404})
TIMEOUT = httpx.Timeout(60.0, connect=10.0)


class TransferFailed(Exception):
    """The store could not be reached, refused, or gave other bytes than announced."""


class Transfer:
    """
    One keep-alive connection pool and the last few inputs, for the life of the process.

    All ligands of a screen share their inputs, so each process fetches a receptor once.
    """

    def __init__(self, client: httpx.Client | None = None, *, sleep: Callable[[float], None] = time.sleep):
        self._client = client or httpx.Client(timeout=TIMEOUT)
        self._sleep = sleep
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def fetch(self, download: Download) -> bytes:
        """
        The bytes of an input, from memory if they were fetched before.

        Raises:
            TransferFailed: not to be had, or its digest is not the announced one.
        """
        if download.sha256 not in self._kept:
            content = self._request("GET", download.url).content
            if hashlib.sha256(content).hexdigest() != download.sha256:
                raise TransferFailed("an input file is not what was submitted: its digest differs")
            self._kept[download.sha256] = content
            if len(self._kept) > KEPT_INPUTS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(download.sha256)
        return self._kept[download.sha256]

    def upload(self, name: str, content: bytes, destination: tuple[str, str]) -> Artefact:
        """
        Store a file at ``(key, signed PUT URL)``.

        Raises:
            TransferFailed: the store did not confirm it.
        """
        key, url = destination
        self._request("PUT", url, content)
        return _artefact(name, key, content)

    def upload_first(self, name: str, content: bytes, place: LogPlace) -> Artefact:
        """
        Store a file unless there is one already; what stands there in the end.

        Raises:
            TransferFailed: the store did not confirm it.
        """
        found = self._request("GET", place.get_url, none=ABSENT)
        if found.is_success:
            return _artefact(name, place.key, found.content)
        return self.upload(name, content, (place.key, place.put_url))

    def _request(
        self, method: str, url: str, content: bytes | None = None, *, none: frozenset[int] = frozenset()
    ) -> httpx.Response:
        """
        Try a few times, as both methods may be repeated; a refusal (4xx) is final at once.

        A status among ``none`` is an answer, too.
        """
        reason = ""
        for number in range(TRIES):
            if number:
                self._sleep(FIRST_PAUSE * 2 ** (number - 1))
            try:
                response = self._client.request(method, url, content=content)
            except httpx.HTTPError as error:
                reason = f"{type(error).__name__}: {error}"
                continue
            if response.is_success or response.status_code in none:
                return response
            reason = f"status {response.status_code}"
            if response.is_client_error:
                break
        # The path alone: a signed URL is a credential, and this text is stored and shown.
        raise TransferFailed(f"{method} {httpx.URL(url).path} failed: {reason}")


def _artefact(name: str, key: str, content: bytes) -> Artefact:
    return Artefact(name=name, key=key, size=len(content), sha256=hashlib.sha256(content).hexdigest())
