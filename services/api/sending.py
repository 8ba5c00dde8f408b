"""Answers that are not JSON values: problem documents, and files as streams."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import Response
from fastapi.responses import StreamingResponse
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from services.api.conditional import FROM_HEAD, holds, unchanged
from shared.answers import Answer

# How a route that answers with a file says so.
FILE: Mapping[str, Any] = {
    "response_class": Response,
    "responses": {200: {"content": {"application/octet-stream": {}}, "description": "The file."}},
}


def attachment(name: str) -> dict[str, str]:
    """The header that has a file saved under ``name``, which holds no quotes."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def streamed(pieces: Iterator[bytes], headers: Mapping[str, str]) -> Response:
    """A body that is read as it is sent; what it reads from is closed when its client is gone."""
    return _Streamed(pieces, headers=headers)


class _Streamed(StreamingResponse):
    def __init__(self, pieces: Iterator[bytes], headers: Mapping[str, str]) -> None:
        super().__init__(pieces, headers=headers)
        self._close = getattr(pieces, "close", lambda: None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, send)
        finally:
            self._close()  # no thread is in it: one that reads a piece is waited for

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing is read for a client that has it already, or that wants no body."""
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        known = holds(self.headers.get("etag"), Headers(scope=scope))
        if not known and not scope.get(FROM_HEAD):
            await super().__call__(scope, receive, send)
            return
        await send(unchanged(start) if known else start)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def response(answer: Answer) -> Response:
    """An answer of ``shared.answers``, which is whole."""
    body, status, headers = answer
    assert isinstance(body, str | bytes)
    return Response(body, status, headers)
