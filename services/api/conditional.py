"""
What clients and proxies may keep, and how they ask whether it still holds.

Every whole answer to a GET has an ``ETag``: its own, where its bytes are known by their digest, else a weak
one of its body. A client that has it already is told so (304).
"""

from dataclasses import dataclass
from hashlib import blake2b

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

VARY = "Authorization, X-API-Key, Accept-Encoding"
PRIVATE = "private, no-cache"
PUBLIC = "public, max-age=300"
"""Of what is the same for everybody, until the next version is deployed."""

KEPT_IN_304 = ("cache-control", "content-location", "date", "etag", "expires", "vary")
FROM_HEAD = "omtx.head"
"""In a scope: the client wants no body."""


def etag_of(body: bytes) -> str:
    """The weak validator of a body, which may be packed on the way."""
    return f'W/"{blake2b(body, digest_size=16).hexdigest()}"'


def holds(etag: str | None, headers: Headers) -> bool:
    """Whether a client has this already, as its ``If-None-Match`` says."""
    asked = headers.get("if-none-match")
    if etag is None or asked is None:
        return False
    return asked.strip() == "*" or _opaque(etag) in {_opaque(it) for it in asked.split(",")}


def _opaque(etag: str) -> str:
    return etag.strip().removeprefix("W/")


@dataclass(frozen=True)
class Heads:
    """A HEAD is a GET whose body stays here."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def bodiless(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
            elif not message.get("more_body"):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self.app({**scope, "method": "GET", FROM_HEAD: True}, receive, bodiless)


@dataclass(frozen=True)
class Conditional:
    """The middleware: validators, 304, and who may keep what. Streams bring their own validator."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Answering(send, Headers(scope=scope), scope["method"]))


@dataclass
class _Answering:
    send: Send
    asked: Headers
    method: str
    start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = self._kept(message)
            return
        if self.start is None:
            await self.send(message)
            return
        start, self.start = self.start, None
        if self.method == "GET" and start["status"] == 200 and not message.get("more_body"):
            start = _validated(start, message.get("body", b""))
            if holds(Headers(raw=start["headers"]).get("etag"), self.asked):
                start, message = unchanged(start), {"type": "http.response.body", "body": b""}
        await self.send(start)
        await self.send(message)

    def _kept(self, start: Message) -> Message:
        headers = MutableHeaders(raw=list(start["headers"]))
        fresh = self.method == "GET" and start["status"] in (200, 304)
        headers.setdefault("Cache-Control", PRIVATE if fresh else "no-store")
        headers.add_vary_header(VARY)
        return {**start, "headers": headers.raw}


def _validated(start: Message, body: bytes) -> Message:
    headers = MutableHeaders(raw=list(start["headers"]))
    if "no-store" not in headers["cache-control"]:
        headers.setdefault("ETag", etag_of(body))
    return {**start, "headers": headers.raw}


def unchanged(start: Message) -> Message:
    """The start of an answer to a client that has the body already."""
    kept = [(name, value) for name, value in start["headers"] if name.decode().lower() in KEPT_IN_304]
    more = [
        (name, value) for name, value in start["headers"] if name.lower().startswith((b"x-", b"ratelimit"))
    ]
    return {**start, "status": 304, "headers": kept + more}
