"""
Every refusal, as a tree whose branches say what to do.

* OmtxError
  - PermanentError   do not retry: answer 4xx, or park the message
    + InvalidInput   breaks a schema or a limit; carries one entry per offending field
      . TooDear      the estimate is above the limit that the order names
    + NotFound       no such batch, job, object or model
      . Gone         a batch that its owner deleted; a message about it is dropped
    + KeyReused      same idempotency key, different content
    + IllegalMove    the state of the batch has no such step
    + NotAllowed     the signature, key or token does not permit it
      . Forbidden    it is genuine, but somebody else's
    + TooMany        more than the caller may; says when it may come again
      . QuotaExceeded  more work than the owner may have done
    + Malformed      a message that no handler can ever understand
  - TransientError   retry: let it escape, the topic redelivers
    + Unavailable    a backend refused, timed out or throttled us; nothing happened
    + Unknown        the call may or may not have taken effect
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field: its path in the request body, and what would be right."""

    path: str
    message: str


class OmtxError(Exception):
    """Anything we refuse or fail at on purpose."""


class PermanentError(OmtxError):
    """Trying again cannot help."""

    status = 400
    title = "The request cannot be carried out"


class InvalidInput(PermanentError):
    """The request breaks a schema or a limit."""

    status = 422
    title = "Invalid input"

    def __init__(self, message: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.errors = tuple(errors)


class TooDear(InvalidInput):
    """The estimated cost is above what the user wants to spend."""

    title = "Above your cost limit"


class NotFound(PermanentError):
    """No such thing, or not yours."""

    status = 404
    title = "Not found"


class Gone(NotFound):
    """The batch was deleted by its owner; messages about it are no longer news."""

    def __init__(self, batch_id: str, *, owner: str, deleted_at: datetime, jobs: int) -> None:
        super().__init__(f"no batch {batch_id}")
        self.batch_id = batch_id
        self.owner = owner
        self.deleted_at = deleted_at
        self.jobs = jobs


class KeyReused(PermanentError):
    """The idempotency key was used before with another body."""

    status = 409
    title = "Idempotency key reused"


class IllegalMove(PermanentError):
    """The state forbids this step."""

    status = 409
    title = "Not possible in this state"


class NotAllowed(PermanentError):
    """Signature, key or token missing, stale or wrong; ``scheme``: HTTP's name of the proof it wants."""

    status = 401
    title = "Not allowed"

    def __init__(self, message: str, *, scheme: str | None = None) -> None:
        super().__init__(message)
        self.scheme = scheme


class Forbidden(NotAllowed):
    """Who calls is known, and may not."""

    status = 403


class TooLarge(PermanentError):
    """The body is larger than we accept."""

    status = 413
    title = "Too large"


class PackedBody(PermanentError):
    """A body that would have to be unpacked before its size is known."""

    status = 415
    title = "Unsupported encoding"


class TooMany(PermanentError):
    """
    More requests, or more work, than the caller may.

    ``retry_after``: seconds, None where time alone does not help. ``told``: more members of the problem
    document. ``fields``: more fields of the answer.
    """

    status = 429
    title = "Too many requests"

    def __init__(
        self,
        message: str,
        *,
        retry_after: int | None,
        told: Mapping[str, Any],
        fields: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.told = told
        self.fields = fields or {}


class QuotaExceeded(TooMany):
    """More work than the owner may have done; nothing of it was stored."""

    title = "Quota exceeded"


class Malformed(PermanentError):
    """A message no handler can ever understand."""

    title = "Malformed message"


class TransientError(OmtxError):
    """Trying again may help."""

    status = 503
    title = "Temporarily unavailable"


class Unavailable(TransientError):
    """A backend refused before anything happened."""


class Unknown(TransientError):
    """The answer was lost: it may have happened."""
