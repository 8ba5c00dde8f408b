"""Calling a WSGI application of this process: a request without a socket."""

import io
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Reply(NamedTuple):
    """A status code and a body."""

    status: int
    body: bytes

    @property
    def accepted(self) -> bool:
        """Whether Pub/Sub would take it for an acknowledgement."""
        return 200 <= self.status < 300


def post(app: "WSGIApplication", path: str, body: bytes) -> Reply:
    """POST a JSON body to ``path``; an exception of the application comes through."""
    answered: list[str] = []

    def start_response(status: str, *_: object) -> Any:
        answered.append(status)
        return io.BytesIO().write

    pieces = app(_environ(path, body), start_response)
    try:
        content = b"".join(pieces)
    finally:
        _close(pieces)
    return Reply(int(answered[-1][:3]), content)


def _environ(path: str, body: bytes) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _close(pieces: Iterable[bytes]) -> None:
    close = getattr(pieces, "close", None)
    if close is not None:
        close()
