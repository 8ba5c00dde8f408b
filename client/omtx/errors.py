"""
Every way in which a call ends without an answer, as a tree whose branches say what to do.

* OmtxError
  - Unusable         what was given cannot be sent: no such file, no library in it
  - NoAnswer         nobody answered, or the answer broke off; the calls that may be repeated were
  - Damaged          a file that was fetched is not the one that the server has
  - StillRunning     the wait is over, the screen lives on; carries its ``status``
  - Refusal          the server said no; carries ``status``, ``title``, ``detail`` and ``fields``
    + Invalid        400, 413, 422: change the request; ``fields`` say where
    + Unauthorized   401: show a key, or another
    + Forbidden      403: the key lacks a scope
    + NotFound       404, 410: no such thing, or another owner's
    + Conflict       409: the state does not allow it
      . KeyReused    the idempotency key belongs to another request
    + RateLimited    429: ``retry_after`` says when to come again
    + ServerFailed   5xx, after the last attempt; ``retry_after`` where the server named a time
* MissingExtra       an ImportError that names the extra to install
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omtx.records import Status


@dataclass(frozen=True)
class Field:
    """What is wrong with one field, by its path in the request; the path is empty for the whole body."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path or 'body'}: {self.message}"


class OmtxError(Exception):
    """Anything that this package raises on purpose, but for MissingExtra."""


class Unusable(OmtxError, ValueError):
    """What was given cannot be sent."""


class NoAnswer(OmtxError, ConnectionError):
    """Nobody answered, or the answer broke off; ``sent``: the server may have got the request."""

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


class Damaged(OmtxError):
    """What arrived is not what the server has; nothing was kept."""


class StillRunning(OmtxError, TimeoutError):
    """The wait is over, and the screen lives on."""

    def __init__(self, message: str, status: "Status") -> None:
        super().__init__(message)
        self.status = status


class Refusal(OmtxError):
    """The server's problem document (RFC 9457)."""

    def __init__(
        self,
        detail: str,
        *,
        status: int,
        title: str = "",
        fields: tuple[Field, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail, self.status, self.title = detail, status, title
        self.fields, self.retry_after = fields, retry_after


class Invalid(Refusal):
    """The request breaks a schema or a limit."""


class Unauthorized(Refusal):
    """No key, or one that does not count."""


class Forbidden(Refusal):
    """The key lacks a scope."""


class NotFound(Refusal):
    """There is no such thing, or it is another owner's."""


class Conflict(Refusal):
    """The state does not allow this step."""


class KeyReused(Conflict):
    """The idempotency key belongs to another request."""


class RateLimited(Refusal):
    """Too many requests, for now."""


class ServerFailed(Refusal):
    """The server, or what it depends on, failed."""


class MissingExtra(ImportError):
    """A package is missing that this step needs, and that the client does without otherwise."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"this needs {package}: pip install 'omtx[{extra}]'", name=package)


KINDS: Mapping[int, type[Refusal]] = {
    **{401: Unauthorized, 403: Forbidden, 404: NotFound, 410: NotFound},
    **{409: Conflict, 429: RateLimited},
}
REUSED = "Idempotency key reused"


def refusal(status: int, body: bytes, *, retry_after: float | None = None) -> Refusal:
    """The error that an answer stands for; one that is no problem document is told by its number."""
    problem = _document(body)
    title = str(problem.get("title") or "")
    detail = str(problem.get("detail") or title or f"the server answered {status}")
    items = [it for it in problem.get("errors") or () if isinstance(it, dict)]
    fields = tuple(Field(str(it.get("path") or ""), str(it.get("message"))) for it in items)
    kind = KINDS.get(status, Invalid if status < 500 else ServerFailed)
    if kind is Conflict and title == REUSED:
        kind = KeyReused
    return kind(detail, status=status, title=title, fields=fields, retry_after=retry_after)


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
