"""What surrounds every request: its line in the log, its path as routes know it, a bound on its body."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.sending import response
from shared import logs, wiring
from shared.answers import failed, refused
from shared.errors import PackedBody, PermanentError, TooLarge
from shared.guarded import GUARDED
from shared.measures import count_request

READING = ("GET", "HEAD")


def step_of(scope: Scope) -> logs.Step:
    """The step that ``Steps`` began for this request."""
    step: logs.Step = scope["omtx.step"]
    return step


@dataclass(frozen=True)
class Steps:
    """One line in the log a request, and an answer without our inside to what nobody foresaw."""

    app: ASGIApp
    name: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with logs.step(self.name, dict(Headers(scope=scope)), tracer=wiring.tracer()) as step:
            step.quiet = scope["method"] in READING
            scope["omtx.step"] = step
            sending = _Sending(send, step)
            try:
                await self.app(scope, receive, sending)
            except Exception as error:  # the edge: logged whole, answered without its inside
                answer = response(failed(error, step))
                if sending.status:
                    raise  # too late for another answer: the connection is cut, and the client notices
                await answer(scope, receive, sending)
            else:
                step.end()
            finally:
                route = str(step.fields.get("route", "other"))
                count_request(self.name, scope["method"], route, sending.status, step.seconds)


@dataclass
class _Sending:
    send: Send
    step: logs.Step
    status: int = 0

    async def __call__(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in {**GUARDED, **self.step.headers}.items():
                headers.setdefault(name, value)
        await self.send(message)


@dataclass(frozen=True)
class Paths:
    """A path with a slash at its end is the path without."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        path = scope.get("path", "")
        if len(path) > 1 and path.endswith("/"):
            scope = {**scope, "path": path[:-1], "raw_path": None}
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class Bodies:
    """Reads a body before the application does, and no further than ``most`` bytes; ``larger``, by path."""

    app: ASGIApp
    most: int
    larger: Mapping[str, int]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its whole body, or answer 413 or 415."""
        if scope["type"] != "http" or scope["method"] in READING:
            await self.app(scope, receive, send)
            return
        try:
            body = await _whole(scope, receive, self.larger.get(scope["path"], self.most))
        except PermanentError as error:
            await response(refused(error, step_of(scope)))(scope, receive, send)
            return
        await self.app(scope, _replayed(body, receive), send)


async def _whole(scope: Scope, receive: Receive, most: int) -> bytes:
    if Headers(scope=scope).get("content-encoding", "identity").lower() != "identity":
        raise PackedBody("a body is read as it comes: send it without Content-Encoding")
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > most:
            raise TooLarge(f"a body has at most {most:,} bytes here")
        more = message["type"] == "http.request" and bool(message.get("more_body"))
    return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body as one message, then whatever else the client does."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message
