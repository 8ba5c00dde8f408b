"""One web address for all HTTP functions: which function a request goes to, and who may ask."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.wsgi import Threaded
from shared.answers import problem
from shared.guarded import GUARDED

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

OWN_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
HTTP_THREADS = 16
MOST_BODY_BYTES = 512 * 1024 * 1024
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
Mount = tuple[str, str, ASGIApp]
"""Method (``*``: any), path, and the application that owns what lies at and below the path."""


def threaded(app: "WSGIApplication") -> ASGIApp:
    """A WSGI application, each of its requests in a thread."""
    return Threaded(app, HTTP_THREADS)


class Router:
    """
    An ASGI application over others; the longest matching path wins.

    The applications see the whole path, as a function behind a load balancer does. On loopback
    it may need no key, so a browser must not be able to lend it to a page from elsewhere: foreign host
    names (DNS rebinding) and foreign origins (cross-site requests) are refused. With ``named`` it is
    reached by names that only its operator knows, and a page has to come from the same.
    """

    def __init__(self, mounts: Sequence[Mount], *, named: bool = False) -> None:
        self._named = named
        self._mounts = sorted(mounts, key=lambda mount: len(mount[1]), reverse=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to its owner."""
        app = self._refusal(Headers(scope=scope)) or self._owner(scope["method"], scope["path"])
        await (app or _refuse(404, "There is nothing at this path."))(scope, receive, _guarding(send))

    def _refusal(self, headers: Headers) -> ASGIApp | None:
        if _is_elsewhere(headers) if self._named else _is_foreign(headers):
            return _refuse(403, "This server answers pages of this machine only.")
        size = headers.get("content-length", "0")
        if not size.isdecimal() or int(size) > MOST_BODY_BYTES:
            return _refuse(413, f"A body has at most {MOST_BODY_BYTES:,} bytes.")
        return None

    def _owner(self, method: str, path: str) -> ASGIApp | None:
        if CONTROL.search(path):
            return None  # no path of ours has any, and those of functions match no end of a line
        for wanted, prefix, app in self._mounts:
            below = path == prefix or path.startswith(f"{prefix.rstrip('/')}/")
            if below and wanted in ("*", method):
                return app
        return None


def _guarding(send: Send) -> Send:
    """What is no function's own is guarded too: the figures, and above all the objects, which users wrote."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in GUARDED.items():
                headers.setdefault(name, value)
        await send(message)

    return guarded


def _is_foreign(headers: Headers) -> bool:
    named = [f"//{headers.get('host', '')}", headers.get("origin", "//localhost")]
    return not all(_host(address) in OWN_NAMES for address in named)


def _is_elsewhere(headers: Headers) -> bool:
    """Whether a page of another server asks."""
    origin = headers.get("origin")
    return origin is not None and _host(origin) != _host(f"//{headers.get('host', '')}")


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _refuse(status: int, detail: str) -> Response:
    title = {403: "Not allowed", 404: "Not found", 413: "Too large"}[status]
    body, code, headers = problem(status, title, detail)
    assert isinstance(body, str)
    return Response(body, code, headers)
