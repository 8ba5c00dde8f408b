"""Answers that are not JSON values: problem documents, and files as streams."""

from collections.abc import Iterator, Mapping

from fastapi import Response
from fastapi.responses import StreamingResponse

from shared.entry import Answer


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
