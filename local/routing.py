"""One web address for all HTTP functions: which function a request goes to, and who may ask."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from shared.entry import problem

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

OWN_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
Mount = tuple[str, str, "WSGIApplication"]
"""Method (``*``: any), path, and the application that owns what lies at and below the path."""


class Router:
    """
    A WSGI application over others; the longest matching path wins.

    The applications see the whole path, as a function behind a load balancer does. The server has no
    login, so a browser must not be able to lend it to a page from elsewhere: foreign host names
    (DNS rebinding) and foreign origins (cross-site requests) are refused.
    """

    def __init__(self, mounts: Sequence[Mount]) -> None:
        self._mounts = sorted(mounts, key=lambda mount: len(mount[1]), reverse=True)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Hand the request to its owner."""
        environ["PATH_INFO"] = environ.get("PATH_INFO") or "/"
        if _is_foreign(environ):
            return _refuse(403, "This server answers pages of this machine only.")(environ, start_response)
        owner = self._owner(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if owner is None:
            return _refuse(404, "There is nothing at this path.")(environ, start_response)
        return owner(environ, start_response)

    def _owner(self, method: str, path: str) -> "WSGIApplication | None":
        for wanted, prefix, app in self._mounts:
            below = path == prefix or path.startswith(f"{prefix.rstrip('/')}/")
            if below and wanted in ("*", method):
                return app
        return None


def _is_foreign(environ: "WSGIEnvironment") -> bool:
    named = [f"//{environ.get('HTTP_HOST', '')}", environ.get("HTTP_ORIGIN", "//localhost")]
    return not all(_host(address) in OWN_NAMES for address in named)


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _refuse(status: int, detail: str) -> Response:
    title = {403: "Not allowed", 404: "Not found"}[status]
    return Response(*problem(status, title, detail))
