"""Answers that are not JSON values: problem documents, and files as streams."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import Response
from fastapi.responses import StreamingResponse

from shared.entry import Answer

# How a route that answers with a file says so.
FILE: Mapping[str, Any] = {
    "response_class": Response,
    "responses": {200: {"content": {"application/octet-stream": {}}, "description": "The file."}},
}


def attachment(name: str) -> dict[str, str]:
    """The header that has a file saved under ``name``, which holds no quotes."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def streamed(pieces: Iterator[bytes], headers: Mapping[str, str]) -> Response:
    """A body that is read as it is sent."""
    return StreamingResponse(pieces, headers=headers)


def response(answer: Answer) -> Response:
    """An answer of ``shared.entry``, which is whole."""
    body, status, headers = answer
    assert isinstance(body, str | bytes)
    return Response(body, status, headers)
