"""What lies in a dead letter: the message itself, whichever way it was parked."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain.identity import digest
from shared.errors import Malformed
from shared.events.envelope import raw
from shared.tracing import PARENT, place_of

MOST_BEGINNING = 60_000
"""Bytes kept of what is too large to be kept whole."""
CUT = "begins_base64"


@dataclass(frozen=True)
class Parked:
    """
    The ``message`` as it was published, None if it cannot be read any more.

    ``subscription`` is the one that the delivery names, without the path before it. ``beginning`` is what
    was kept of a delivery that was too large; nobody can take it for the message.
    """

    message: bytes | None
    subscription: str | None = None
    beginning: bytes | None = None

    @property
    def lack(self) -> str:
        """Why there is no message that could be published, if there is none."""
        if self.beginning is None:
            return "it holds no message that could be published"
        return f"the message was too large, and only its first {len(self.beginning):,} bytes were kept"


@dataclass(frozen=True)
class Subject:
    """Which batch, round, job and attempt a message is about, as far as it says so."""

    batch_id: str | None = None
    job_id: str | None = None
    attempt: int | None = None
    round: int | None = None


def shortened(data: bytes) -> bytes:
    """What is kept of data that is too large: its beginning, marked as such."""
    beginning = base64.b64encode(data[:MOST_BEGINNING]).decode()
    return json.dumps({"message": {CUT: beginning, "at_least_bytes": len(data)}}).encode()


def unwrapped(data: bytes) -> Parked:
    """A function parks the delivery it was given, the queue parks the bare message."""
    return opened(document_of(data), data)


def opened(document: Any, data: bytes) -> Parked:
    """The same, of ``data`` whose JSON value is there already."""
    if not isinstance(document, Mapping) or not isinstance(document.get("message"), Mapping):
        return Parked(data or None)
    if CUT in document["message"]:
        return Parked(None, beginning=_beginning(document["message"][CUT]))
    named = document.get("subscription")
    subscription = named.rpartition("/")[2] if isinstance(named, str) else None
    try:
        return Parked(raw(document), subscription or None)
    except Malformed:
        return Parked(None, subscription or None)


def trace_of(data: bytes) -> str | None:
    """The trace of a message that a function parked; a queue keeps the bare message."""
    document = document_of(data)
    message = document.get("message") if isinstance(document, Mapping) else None
    told = message.get("attributes") if isinstance(message, Mapping) else None
    parent = told.get(PARENT) if isinstance(told, Mapping) else None
    place = place_of({PARENT: parent}) if isinstance(parent, str) else None
    return place.trace if place else None


def _beginning(text: Any) -> bytes:
    """Empty where somebody sent what looks like ours."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        return b""


def refuser(data: bytes, subscriptions: Sequence[str], *, prefix: str = "") -> str | None:
    """
    Which of the topic's subscriptions gave up what was parked; None if any of several may have.

    ``prefix`` is what deliveries put before a subscription's name.
    """
    named = (unwrapped(data).subscription or "").removeprefix(prefix)
    if named in subscriptions:
        return named
    # A topic's only subscriber must be the one that gave up, also where the delivery does not say.
    return subscriptions[0] if len(subscriptions) == 1 else None


def sameness(topic: str, subscription: str | None, data: bytes) -> str:
    """Equal for letters that are counted as one: the same message, given up by the same subscription."""
    message = unwrapped(data).message
    content = hashlib.sha256(data if message is None else message).hexdigest()
    return digest(["letter", topic, subscription, content])


def subject(message: bytes) -> Subject:
    """What a message of any topic is about; fields that are not what they should be count as absent."""
    document = document_of(message)
    holder = document if isinstance(document, Mapping) else {}
    envelope = holder.get("envelope")
    ref = holder.get("ref", envelope.get("ref") if isinstance(envelope, Mapping) else None)
    told = ref if isinstance(ref, Mapping) else holder
    batch, job, attempt = told.get("batch_id"), told.get("job_id"), told.get("attempt", 1)
    round = told.get("round", 0)
    return Subject(
        batch_id=batch if isinstance(batch, str) else None,
        job_id=job if isinstance(job, str) else None,
        attempt=attempt if isinstance(job, str) and isinstance(attempt, int) else None,
        round=round if isinstance(batch, str) and isinstance(round, int) else None,
    )


def document_of(data: bytes) -> Any:
    """The JSON value; None if it is not JSON."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError, too
        return None
