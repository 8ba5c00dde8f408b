"""A client that costs little: HTTP/1.1 over connections that stay, one request at a time on each."""

import asyncio
from dataclasses import dataclass, field

import httptools

NEWLINE = "\r\n"


@dataclass(frozen=True)
class Ask:
    """One request, written out; ``kind`` is what it is counted as."""

    kind: str
    raw: bytes


@dataclass
class Told:
    """An answer: its status, its size on the wire, and the headers that the benchmark looks at."""

    status: int = 0
    size: int = 0
    headers: dict[str, str] = field(default_factory=dict)


def ask(kind: str, method: str, path: str, body: bytes = b"", accept: str = "identity") -> Ask:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Accept-Encoding: {accept}"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return Ask(kind, f"{NEWLINE.join(lines)}{NEWLINE * 2}".encode() + body)


class Connection(asyncio.Protocol):
    """One connection; ``send`` answers with what came back."""

    def __init__(self) -> None:
        self._waiting: asyncio.Future[Told] | None = None
        self._told = Told()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, asked: Ask) -> "asyncio.Future[Told]":
        """Ask, on a connection on which nothing else is asked."""
        self._parser = httptools.HttpResponseParser(self)
        self._told = Told()
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(asked.raw)
        return self._waiting

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        self._told.size += len(data)
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        self._told.headers[name.decode().lower()] = value.decode()

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._told.status = self._parser.get_status_code()
        assert self._waiting is not None
        self._waiting.set_result(self._told)

    def connection_lost(self, error: Exception | None) -> None:
        """A request that is under way has no answer: an error, of which the status is 0."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(Told())

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


async def connect(host: str, port: int) -> Connection:
    """A connection."""
    _, protocol = await asyncio.get_running_loop().create_connection(Connection, host, port)
    return protocol
