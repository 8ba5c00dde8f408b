"""What is answered to a request: JSON, problem documents (RFC 9457), and how a refusal is told."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from shared import logs
from shared.errors import (
    FieldError,
    InvalidInput,
    NotAllowed,
    OmtxError,
    PermanentError,
    TooMany,
    TransientError,
)

PROBLEM = "application/problem+json"
Answer = tuple[str | bytes | Iterator[bytes], int, dict[str, str]]
NOTHING: Answer = ("", 204, {})


def as_json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer."""
    return json.dumps(body, default=str), status, {"Content-Type": "application/json", **(headers or {})}


def problem(
    status: int,
    title: str,
    detail: str,
    errors: tuple[FieldError, ...] = (),
    more: Mapping[str, Any] | None = None,
) -> Answer:
    """An RFC 9457 problem document; ``errors`` name the offending fields, ``more`` are further members."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    body |= more or {}
    if errors:
        body["errors"] = [{"path": error.path, "message": error.message} for error in errors]
    headers = {"Content-Type": PROBLEM} | ({"Retry-After": "1"} if status == 503 else {})
    return json.dumps(body), status, headers


def failed(error: Exception, step: logs.Step) -> Answer:
    """The answer to what nobody foresaw, which is logged whole under the number of an incident."""
    incident = uuid4().hex[:12]
    step.outcome, step.said = "failed", f"incident {incident}"
    step.end(error)
    return problem(500, "Unexpected error", f"Something failed on our side; incident {incident}.")


def refused(error: PermanentError | TransientError, step: logs.Step) -> Answer:
    """
    The answer to a refusal, which the step will tell.

    A user's mistakes are named by their class alone: their texts may quote what was submitted.
    """
    step.outcome = "unavailable" if isinstance(error, TransientError) else "refused"
    step.said = reason_of(error) if isinstance(error, TransientError | NotAllowed) else type(error).__name__
    logs.note(status=error.status)
    if isinstance(error, TooMany):
        return _too_many(error)
    errors = error.errors if isinstance(error, InvalidInput) else ()
    body, status, headers = problem(error.status, error.title, str(error), errors)
    scheme = error.scheme if isinstance(error, NotAllowed) else None
    return body, status, headers | ({"WWW-Authenticate": scheme} if scheme else {})


def _too_many(error: TooMany) -> Answer:
    later = error.retry_after
    told = {**error.told, "retry_after": later}
    body, status, headers = problem(error.status, error.title, str(error), more=told)
    return body, status, {**headers, **error.fields} | ({} if later is None else {"Retry-After": str(later)})


def only(method: str) -> Answer:
    """405: the address answers to one method."""
    body, status, headers = problem(405, "Method not allowed", f"this address answers to {method}")
    return body, status, {**headers, "Allow": method}


def reason_of(error: OmtxError) -> str:
    """Class and text of an error, as a dead letter keeps it."""
    return f"{type(error).__name__}: {error}"
