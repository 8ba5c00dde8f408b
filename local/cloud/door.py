"""The front door: one address for all HTTP functions, each of which is a process of its own."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
from werkzeug.datastructures import EnvironHeaders
from werkzeug.http import is_hop_by_hop_header
from werkzeug.wrappers import Response
from werkzeug.wsgi import ClosingIterator, get_input_stream

from local.routing import Router, threaded
from shared.answers import problem
from shared.topology import Topology

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PIECE = 1 << 16
ANSWER_SECONDS = 1800.0
CONNECT_SECONDS = 5.0


class Proxy:
    """
    A WSGI application that is another server; bodies pass through in pieces, both ways.

    A server that does not answer is a 502. No connection is kept, as the server may be another one the
    next moment; so may its address, ``base``.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(timeout=timeout, limits=limits, trust_env=False)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Pass the request on, and the answer back."""
        try:
            answer = self._client.send(self._request(environ), stream=True)
        except httpx.TransportError as error:
            refusal = problem(502, "Bad gateway", f"the function did not answer: {type(error).__name__}")
            return Response(*refusal)(environ, start_response)
        start_response(f"{answer.status_code} {answer.reason_phrase}", list(_passed_on(answer.headers)))
        return ClosingIterator(answer.iter_raw(), [answer.close])

    def _request(self, environ: "WSGIEnvironment") -> httpx.Request:
        path = quote(environ["PATH_INFO"].encode("latin-1"), safe="/~!$&'()*+,;=:@")
        query = environ.get("QUERY_STRING", "")
        url = f"{self.base}{path}{'?' if query else ''}{query}"
        headers = list(_passed_on(dict(EnvironHeaders(environ))))
        return self._client.build_request(
            environ["REQUEST_METHOD"], url, headers=headers, content=_body(environ)
        )


def front_door(table: Topology, proxies: Mapping[str, Proxy]) -> Router:
    """Every route of the table, at the function that has it."""
    reached = {name: threaded(proxies[name]) for name, function in table.functions.items() if function.routes}
    return Router(
        [
            (route.method, route.path, app)
            for name, app in reached.items()
            for route in table.functions[name].routes
        ]
    )


def _passed_on(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in headers.items() if not is_hop_by_hop_header(name))


def _body(environ: "WSGIEnvironment") -> Iterator[bytes] | None:
    """The pieces of a body, if there is one."""
    if "CONTENT_LENGTH" not in environ and "HTTP_TRANSFER_ENCODING" not in environ:
        return None
    stream = get_input_stream(environ)
    return iter(lambda: stream.read(PIECE), b"")
