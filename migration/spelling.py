"""How older documents spell statuses, times, names and models: pure, and never guessing."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class OldStatus(StrEnum):
    """What an older document says of its job. ``OPEN``: not ended; ``UNKNOWN``: missing, or no such word."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    OPEN = "open"
    UNKNOWN = "unknown"


_SPELLED = {
    OldStatus.COMPLETED: (
        *("completed", "complete", "success", "succeeded", "finished", "done", "partially_completed"),
        "completed_reconstructed",
    ),
    OldStatus.FAILED: ("failed", "failure", "error", "errored", "timeout", "timed_out"),
    OldStatus.CANCELLED: ("cancelled", "canceled", "aborted"),
    OldStatus.OPEN: (
        *("pending", "running", "queued", "created", "submitted", "processing", "registered"),
        *("in_progress", "started"),
    ),
}
_STATUS = {word: status for status, words in _SPELLED.items() for word in words}
_MODELS = {"boltz2": "boltz2", "boltz": "boltz2", "chai1": "chai1", "chai": "chai1"}


def status(value: Any) -> OldStatus:
    """The status, whatever its case, blanks or prefix (``JobStatus.COMPLETED``)."""
    return _STATUS.get(word(value) or "", OldStatus.UNKNOWN)


def word(value: Any) -> str | None:
    """An enum member as stored by any of the writers: lower case, ``_`` between words; None if no text."""
    plain = text(value)
    if plain is None:
        return None
    return plain.rpartition(".")[2].lower().replace(" ", "_").replace("-", "_")


def model(value: Any) -> str | None:
    """The id of the model in our catalogue where it has one, else as it is spelled; None if missing."""
    spelled = word(value)
    return None if spelled is None else _MODELS.get(spelled.replace("_", ""), spelled)


def text(value: Any) -> str | None:
    """Text without blanks around it; None for anything else, and for nothing."""
    if not isinstance(value, str):
        return None
    # A half surrogate can stand in JSON, but not in a file or a database.
    return value.encode(errors="replace").decode().replace("\0", "").strip() or None


def number(value: Any) -> float | None:
    """A finite number; None for anything else, booleans and numbers as text among it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def whole(value: Any) -> int | None:
    """A whole number of 0 or more that fits a database, also as ``3.0`` or ``"3"``."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    found = number(value)
    return int(found) if found is not None and 0 <= found < 2**53 and found == int(found) else None


def instant(value: Any) -> datetime | None:
    """
    A time as ISO 8601 text, seconds since 1970, or a Firestore timestamp (``_seconds`` or ``seconds``).

    The older system wrote naive times in UTC.
    """
    if isinstance(value, Mapping):
        value = value.get("_seconds", value.get("seconds"))
    seconds = number(value)
    try:
        found = datetime.fromtimestamp(seconds, UTC) if seconds is not None else _from_text(value)
        return None if found is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _from_text(value: Any) -> datetime | None:
    plain = text(value)
    if plain is None:
        return None
    found = datetime.fromisoformat(plain.removesuffix(" UTC"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
