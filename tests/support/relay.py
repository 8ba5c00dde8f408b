"""A relay between an HTTP client and a server: it passes requests on, and loses answers when told to."""

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from functools import partial
from http.client import HTTPConnection

from tests.support.loopback import Handler, served

Alter = Callable[[int, bytes], tuple[int, bytes]]


class Relay:
    """
    What happened and what is to happen.

    The next requests of a method are altered by the first entries of ``plan`` for it: ``LOST`` carries
    the request out and loses its answer; any other entry makes the answer, from the status and the body
    of the true one.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.plan: dict[str, list[Alter]] = {}
        self.seen: list[str] = []

    def served(self) -> AbstractContextManager[str]:
        """The relay's address."""
        return served(partial(_Handler, self))


def LOST(status: int, body: bytes) -> tuple[int, bytes]:  # noqa: N802 - a constant to its users
    """Nothing is answered."""
    return 0, b""


def refused(status: int, body: bytes) -> tuple[int, bytes]:
    """The server says that it is overloaded."""
    return 503, b"{}"


def damaged(status: int, body: bytes) -> tuple[int, bytes]:
    """One bit of the answer is another."""
    return status, bytes([body[0] ^ 1]) + body[1:]


class _Handler(Handler):
    def __init__(self, relay: Relay, *socket_and_server: object) -> None:
        self._relay = relay
        super().__init__(*socket_and_server)  # type: ignore[arg-type] # handed through

    def asked(self) -> None:
        body = self.sent
        self._relay.seen.append(f"{self.command} {self.path}")
        with closing(HTTPConnection(self._relay.target)) as onward:
            onward.request(self.command, self.path, body, dict(self.headers))
            response = onward.getresponse()
            status, content = response.status, response.read()
        if plan := self._relay.plan.get(self.command):
            status, content = plan.pop(0)(status, content)
        if status == 0:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(status)
        for name, value in response.getheaders():
            if name.lower() not in ("content-length", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
