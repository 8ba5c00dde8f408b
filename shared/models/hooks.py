"""Where users want to be told of their batches, and what was told them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.models.base import Count, Frozen, Id, Instant


class Told(StrEnum):
    """What an endpoint may be told of. A job speaks for itself only where it is all of its batch."""

    BATCH_COMPLETED = "batch.completed"
    BATCH_FAILED = "batch.failed"
    BATCH_CANCELLED = "batch.cancelled"
    BATCH_MILESTONE = "batch.milestone"
    JOB_COMPLETED = "job.completed"
    JOB_FAILED = "job.failed"


class Sealed(Frozen):
    """A signing secret as it is stored: encrypted. ``until``: when it is no longer signed with."""

    key_id: str
    text: str
    until: Instant | None = None


class Endpoint(Frozen):
    """
    A URL that its owner wants called.

    ``secrets`` are all signed with, the newest first. ``since``: what happened before is not told; it is
    when the endpoint was made, enabled, or began to listen to more. ``failing_since`` is the first try that
    failed after the last that did not. ``why_disabled`` is None where the owner did it.

    One with a ``batch_id`` is told of that batch alone, and goes with it. One that is ``signed_as`` another
    has no secrets of its own: its messages are signed with those of that endpoint, as they are then.
    """

    id: Id
    owner: str
    batch_id: Id | None = None
    url: str
    description: str = ""
    events: tuple[Told, ...]
    milestones: tuple[int, ...] = ()
    enabled: bool = True
    why_disabled: str | None = None
    secrets: tuple[Sealed, ...]
    signed_as: Id | None = None
    created_at: Instant
    since: Instant
    failing_since: Instant | None = None


class DeliveryState(StrEnum):
    """What became of a delivery; only a pending one is tried."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Try(Frozen):
    """
    One call of an endpoint. Without ``status`` and ``error`` nobody knows how it ended.

    ``answer`` is the beginning of the body. ``seconds`` from the look-up of the name to the end of it.
    """

    number: Annotated[int, Field(ge=1)]
    at: Instant
    status: int | None = None
    error: str | None = None
    answer: str = ""
    seconds: float | None = None


class Delivery(Frozen):
    """
    One event for one endpoint, and how it was brought there.

    ``body`` is sent as it stands, at every try the same. ``made`` counts all tries, of which the latest are
    in ``tries``; those up to ``passed`` were made before it was last asked for. No try begins before
    ``next_at``; at ``due_at`` ``reconcile`` asks for one, never if it is None.
    """

    id: Id
    endpoint_id: Id
    owner: str
    type: str
    batch_id: Id | None = None
    round: Count = 0
    body: str
    created_at: Instant
    state: DeliveryState = DeliveryState.PENDING
    tries: tuple[Try, ...] = ()
    made: Count = 0
    passed: Count = 0
    next_at: Instant
    due_at: Instant | None
