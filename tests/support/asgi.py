"""One request to an ASGI application without a socket, and without a client that tidies its path."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send


def asked(
    app: ASGIApp, method: str, path: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, bytes, Headers]:
    """Status, whole body and headers of the answer."""
    messages: list[Any] = []
    asyncio.run(_run(app, _scope(method, path, headers), _whole(body), _kept(messages)))
    start = next(it for it in messages if it["type"] == "http.response.start")
    content = b"".join(it.get("body", b"") for it in messages if it["type"] == "http.response.body")
    return start["status"], content, Headers(raw=start["headers"])


def _scope(method: str, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
    name, _, query = path.partition("?")
    sent = {"host": "localhost", **headers}
    return {
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": unquote(name),
        "raw_path": name.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(key.lower().encode(), value.encode()) for key, value in sent.items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("localhost", 80),
    }


def _whole(body: bytes) -> Any:
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if waiting:
            return waiting.pop()
        return await asyncio.get_running_loop().create_future()  # the client stays and says no more

    return receive


def _kept(messages: list[Any]) -> Any:
    async def send(message: Any) -> None:
        messages.append(message)

    return send


async def _run(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)
