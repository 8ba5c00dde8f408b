"""
Answers made smaller on the way, for clients that can unpack them: brotli or gzip.

What is marked ``no-store`` stays as it is: it may hold a secret next to what a stranger chose, and then its
length would tell of it (BREACH). So stay small answers and what is packed already.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

import brotli
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Encoding = Literal["br", "gzip"]
LEAST_BYTES = 1024
IN_THREAD_BYTES = 128 * 1024
BROTLI_QUALITY, GZIP_LEVEL = 4, 4
TEXTS = ("text/", "chemical/", "application/json", "application/problem+json", "application/x-ndjson")
MORE_TEXTS = ("application/xml", "application/javascript", "image/svg+xml")


class Packer(Protocol):
    """Packs a body piece by piece."""

    def process(self, piece: bytes, /) -> bytes:
        """What can be sent by now."""
        ...

    def finish(self) -> bytes:
        """The rest."""
        ...


class _Gzip:
    def __init__(self) -> None:
        self._packing = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)

    def process(self, piece: bytes, /) -> bytes:
        return self._packing.compress(piece)

    def finish(self) -> bytes:
        return self._packing.flush()


def packer(encoding: Encoding) -> Packer:
    """A new one."""
    if encoding == "gzip":
        return _Gzip()
    found: Packer = brotli.Compressor(quality=BROTLI_QUALITY)
    return found


def packed(body: bytes, encoding: Encoding) -> bytes:
    """A whole body."""
    packing = packer(encoding)
    return packing.process(body) + packing.finish()


def chosen(accepted: str) -> Encoding | None:
    """What an ``Accept-Encoding`` likes best; brotli of what it likes equally, None: neither."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameters = part.partition(";")
        weights[name.strip()] = _weight(parameters)
    liked: dict[Encoding, float] = {
        "br": weights.get("br", weights.get("*", 0.0)),
        "gzip": weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))),
    }
    best: Encoding = max(liked, key=lambda name: liked[name])
    return best if liked[best] > 0 and liked[best] >= weights.get("identity", 0.0) else None


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


@dataclass(frozen=True)
class Compression:
    """The middleware. A stream stays one, and is packed piece by piece."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        encoding = (
            chosen(Headers(scope=scope).get("accept-encoding", "")) if scope["type"] == "http" else None
        )
        await self.app(scope, receive, _Packing(send, encoding) if encoding else send)


@dataclass
class _Packing:
    send: Send
    encoding: Encoding
    start: Message | None = None
    pack: Callable[[bytes, bool], bytes] | None = field(default=None)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _worth_it(message):
            self.start = message
            return
        if message["type"] != "http.response.body" or (self.start is None and self.pack is None):
            await self.send(message)
            return
        body, more = message.get("body", b""), bool(message.get("more_body"))
        if self.start is not None and not self._begin(body, more=more):
            await self._send_start(self.start)
            await self.send(message)
            return
        assert self.pack is not None
        sent = await self._packed(body, last=not more)
        if self.start is not None:
            await self._send_start(_encoded(self.start, self.encoding, None if more else len(sent)))
        if sent or not more:
            await self.send({"type": "http.response.body", "body": sent, "more_body": more})

    def _begin(self, body: bytes, *, more: bool) -> bool:
        """Whether to pack what begins so."""
        if not more and len(body) < LEAST_BYTES:
            return False
        packing = packer(self.encoding)
        self.pack = lambda piece, last: packing.process(piece) + (packing.finish() if last else b"")
        return True

    async def _packed(self, body: bytes, *, last: bool) -> bytes:
        assert self.pack is not None
        if len(body) < IN_THREAD_BYTES:
            return self.pack(body, last)
        return await run_in_threadpool(self.pack, body, last)

    async def _send_start(self, message: Message) -> None:
        self.start = None
        await self.send(message)


def _worth_it(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    kept = headers.get("cache-control", "")
    length = headers.get("content-length")
    return (
        start["status"] in range(200, 300)
        and start["status"] not in (204, 206)
        and "content-encoding" not in headers
        and "no-store" not in kept
        and "no-transform" not in kept
        and headers.get("content-type", "").startswith((*TEXTS, *MORE_TEXTS))
        and (length is None or int(length) >= LEAST_BYTES)
    )


def _encoded(start: Message, encoding: Encoding, length: int | None) -> Message:
    """Other bytes of the same content: a strong validator no longer fits them."""
    headers = MutableHeaders(raw=list(start["headers"]))
    headers["Content-Encoding"] = encoding
    del headers["Content-Length"]
    if length is not None:
        headers["Content-Length"] = str(length)
    if headers.get("etag", "").startswith('"'):
        headers["ETag"] = f"W/{headers['etag']}"
    return {**start, "headers": headers.raw}
