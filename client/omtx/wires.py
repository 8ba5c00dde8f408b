"""The two ways to carry out a flow: blocking, and awaited. Only here is HTTP spoken."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import httpx

from omtx.address import Address
from omtx.calls import Flow, Item, Lost, Pause, Reply, Request, Send, Step, Stream

T = TypeVar("T")

VERSION = "0.1.0"
CONNECT_SECONDS = 5.0
PIECE = 1 << 16
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Wire:
    """Carries out flows in the thread that asks."""

    def __init__(self, address: Address, transport: httpx.BaseTransport | None = None) -> None:
        self.address = address
        self._http = httpx.Client(**_options(address), transport=transport)

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def run(self, flow: Flow[T]) -> T:
        """What the flow returns."""
        outcome: Reply | Lost | None = None
        with closing(flow):
            while True:
                try:
                    step = flow.send(outcome)
                except StopIteration as end:
                    result: T = end.value
                    return result
                outcome = self._do(step)

    def iterate(self, stream: Stream[T]) -> Iterator[T]:
        """What the stream hands out, read from the server as it is taken."""
        outcome: Reply | Lost | None = None
        with closing(stream):
            while True:
                try:
                    step = stream.send(outcome)
                except StopIteration:
                    return
                if isinstance(step, Item):
                    yield step.value
                    outcome = None
                else:
                    outcome = self._do(step)

    def _do(self, step: Step) -> Reply | Lost | None:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
        return self._send(step) if isinstance(step, Send) else None

    def _send(self, step: Send) -> Reply | Lost:
        url, options = _sent(self.address, step)
        content = _pieces(step.request.content)
        try:
            with self._http.stream(step.request.method, url, content=content, **options) as response:
                if step.sink is None or response.is_error:
                    return _reply(response, response.read())
                step.sink.begin(_reply(response))
                for piece in response.iter_bytes():
                    step.sink.write(piece)
                return _reply(response)
        except httpx.HTTPError as error:
            return _lost(self.address, error)


class AsyncWire:
    """Carries out flows in the running event loop, of asyncio."""

    def __init__(self, address: Address, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.address = address
        self._http = httpx.AsyncClient(**_options(address), transport=transport)

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def run(self, flow: Flow[T]) -> T:
        """What the flow returns."""
        outcome: Reply | Lost | None = None
        with closing(flow):
            while True:
                try:
                    step = flow.send(outcome)
                except StopIteration as end:
                    result: T = end.value
                    return result
                outcome = await self._do(step)

    async def iterate(self, stream: Stream[T]) -> AsyncIterator[T]:
        """What the stream hands out, read from the server as it is taken."""
        outcome: Reply | Lost | None = None
        with closing(stream):
            while True:
                try:
                    step = stream.send(outcome)
                except StopIteration:
                    return
                if isinstance(step, Item):
                    yield step.value
                    outcome = None
                else:
                    outcome = await self._do(step)

    async def _do(self, step: Step) -> Reply | Lost | None:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
        return await self._send(step) if isinstance(step, Send) else None

    async def _send(self, step: Send) -> Reply | Lost:
        url, options = _sent(self.address, step)
        content = _pieces_in_turn(step.request.content)
        try:
            async with self._http.stream(step.request.method, url, content=content, **options) as response:
                if step.sink is None or response.is_error:
                    return _reply(response, await response.aread())
                step.sink.begin(_reply(response))
                async for piece in response.aiter_bytes():
                    step.sink.write(piece)
                return _reply(response)
        except httpx.HTTPError as error:
            return _lost(self.address, error)


def _options(address: Address) -> dict[str, Any]:
    return {"trust_env": not address.is_here, "headers": {"User-Agent": f"omtx-python/{VERSION}"}}


def _sent(address: Address, step: Send) -> tuple[str, dict[str, Any]]:
    """The URL of a request, and how it is sent but for its content."""
    request = step.request
    url = address.absolute(request.path)
    headers = {**address.headers(url), **request.headers, **_length(request)}
    options: dict[str, Any] = {
        "params": {name: value for name, value in request.params.items() if value is not None} or None,
        "headers": headers,
        "timeout": httpx.Timeout(request.seconds, connect=CONNECT_SECONDS),
        # Large files may lie elsewhere, behind a signed URL; the key does not go there.
        "follow_redirects": request.method == "GET",
    }
    return url, options if request.body is None else {**options, "json": request.body}


def _length(request: Request) -> dict[str, str]:
    """Stores want to know it beforehand."""
    content = request.content
    if content is None:
        return {}
    return {"Content-Length": str(content.stat().st_size if isinstance(content, Path) else len(content))}


def _pieces(content: Path | bytes | None) -> Iterator[bytes] | bytes | None:
    """A file is read as it is sent, and anew for each attempt."""
    return _read(content) if isinstance(content, Path) else content


def _pieces_in_turn(content: Path | bytes | None) -> AsyncIterator[bytes] | bytes | None:
    return _read_in_turn(content) if isinstance(content, Path) else content


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(PIECE), b"")


async def _read_in_turn(path: Path) -> AsyncIterator[bytes]:
    for piece in _read(path):
        yield piece


def _reply(response: httpx.Response, body: bytes = b"") -> Reply:
    return Reply(response.status_code, dict(response.headers), body)


def _lost(address: Address, error: httpx.HTTPError) -> Lost:
    reason = str(error) or type(error).__name__
    return Lost(f"no answer from {address.url}: {reason}", sent=not isinstance(error, UNSENT))
