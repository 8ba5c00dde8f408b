"""
A WSGI application as an ASGI one: each request in a thread, its body and its answer in pieces.

A small answer costs one change of threads and no more. A client that goes away ends the answer that is
being read for it, and fails the body that it was still sending.
"""

import asyncio
import io
import sys
from collections.abc import Awaitable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

LOOK_SECONDS = 1.0
"""How often a thread that waits for the server looks whether it still runs."""


class Threaded:
    """The ASGI application; ``workers`` requests are answered at a time, the others wait."""

    def __init__(self, app: "WSGIApplication", workers: int) -> None:
        self._app = app
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="wsgi")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        client = _Client(receive, send, await receive())
        environ = _environ(scope, io.BufferedReader(_Body(client)))
        loop = asyncio.get_running_loop()
        try:
            rest = await loop.run_in_executor(self._pool, _Answer(client).run, self._app, environ)
            for message in rest:
                await send(message)
        finally:
            client.leave()


class _Client:
    """The other side, as a thread sees it; its first message is there before the thread begins."""

    def __init__(self, receive: Receive, send: Send, first: Message) -> None:
        self._receive, self._send = receive, send
        self._loop = asyncio.get_running_loop()
        self._message: Message | None = first
        self._watch: asyncio.Task[None] | None = None
        self._ended = False
        self.gone = False

    def piece(self) -> bytes:
        """More of the body; nothing at its end. Raises ConnectionResetError if the client breaks it off."""
        while not self._ended:
            message, self._message = self._message or self._wait(self._receive()), None
            if message["type"] == "http.disconnect":
                raise ConnectionResetError("the client went away")
            self._ended = not message.get("more_body")
            if message.get("body"):
                return bytes(message["body"])
        return b""

    def send(self, message: Message) -> None:
        """Returns when there is room for more. Raises ConnectionResetError if the client is gone."""
        self._wait(self._sent(message))
        if self.gone:
            raise ConnectionResetError("the client went away")

    async def _sent(self, message: Message) -> None:
        whole = self._ended or (self._message is not None and not self._message.get("more_body"))
        if self._watch is None and whole:  # while there is a body, the next message may be more of it
            self._watch = asyncio.create_task(self._until_gone())
        await self._send(message)

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True

    def leave(self) -> None:
        """Whatever a thread still does for it is in vain."""
        self.gone = True
        if self._watch is not None:
            self._watch.cancel()

    def _wait(self, work: Awaitable[Any]) -> Any:
        waiting = asyncio.run_coroutine_threadsafe(_result(work), self._loop)
        while True:
            try:
                return waiting.result(LOOK_SECONDS)
            except TimeoutError:
                if self.gone or self._loop.is_closed():
                    raise ConnectionResetError("nobody waits for this any more") from None


class _Body(io.RawIOBase):
    """``wsgi.input``, which ends where the body does."""

    def __init__(self, client: _Client) -> None:
        self._client = client
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        into = memoryview(buffer).cast("B")
        self._left = self._left or memoryview(self._client.piece())
        count = min(len(into), len(self._left))
        into[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


class _Answer:
    """One answer, as its application gives it."""

    def __init__(self, client: _Client) -> None:
        self._client = client
        self._start: Message = {}
        self._length = -1

    def run(self, app: "WSGIApplication", environ: "WSGIEnvironment") -> list[Message]:
        """In a thread: send all but the end, which is left to the caller and is often everything."""
        pieces = app(environ, self._started)
        try:
            return self._pass_on(pieces)
        except ConnectionResetError:
            return []
        finally:
            getattr(pieces, "close", lambda: None)()

    def _started(self, status: str, headers: list[tuple[str, str]], error: Any = None, /) -> Any:
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self._start = {"type": "http.response.start", "status": int(status[:3]), "headers": raw}
        self._length = int(Headers(raw=raw).get("content-length", -1))
        return _unwritten

    def _pass_on(self, pieces: Iterable[bytes]) -> list[Message]:
        begun, sent = False, 0
        for piece in pieces:
            sent += len(piece)
            body = {"type": "http.response.body", "body": piece, "more_body": True}
            if not begun and sent == self._length:  # the usual case: whole in one piece
                return [self._start, {**body, "more_body": False}]
            if not begun:
                self._client.send(self._start)
                begun = True
            self._client.send(body)
        end = {"type": "http.response.body", "body": b"", "more_body": False}
        return [end] if begun else [self._start, end]


async def _result(work: Awaitable[Any]) -> Any:
    return await work


def _unwritten(piece: bytes, /) -> None:
    raise NotImplementedError("an application gives its answer as it returns")


def _environ(scope: Scope, body: io.BufferedReader) -> "WSGIEnvironment":
    host, port = scope.get("server") or ("localhost", 80)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.input_terminated": True,  # Werkzeug needs to hear it of a body without a length
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if scope.get("client"):
        environ["REMOTE_ADDR"] = scope["client"][0]
    for name, value in Headers(scope=scope).items():
        if "_" not in name:  # it would pass for the name with a hyphen
            key = name.upper().replace("-", "_")
            key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    if "CONTENT_LENGTH" in environ:  # and counts one with a length by itself
        del environ["wsgi.input_terminated"]
    return environ
