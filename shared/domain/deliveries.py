"""How a delivery goes on, and when its endpoint is left alone: pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.models.hooks import Delivery, DeliveryState, Endpoint, Sealed, Try

WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 30 * 60, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24)))
)
"""What follows the first, second, … failed try; after the last one there is no other."""
LEASE = timedelta(seconds=30)
"""How long a try may take, until it counts as lost."""
PATIENCE = timedelta(days=5)
"""An endpoint at which everything has failed for so long is disabled."""
KEPT = timedelta(days=30)
"""How long what was delivered can be looked up and delivered again."""
MOST_TRIES_KEPT = 20
GONE = 410
GONE_FOR_GOOD = "it answered 410 Gone"


def claimed(delivery: Delivery, *, now: datetime) -> Delivery | None:
    """The delivery with one more try that begins now; None if it is over, or another may be under way."""
    if delivery.state is not DeliveryState.PENDING or now < delivery.next_at:
        return None
    number = delivery.made + 1
    return delivery.model_copy(
        update={
            "made": number,
            "tries": (*delivery.tries, Try(number=number, at=now))[-MOST_TRIES_KEPT:],
            "next_at": now + LEASE,
            "due_at": now + LEASE,
        }
    )


def ended(delivery: Delivery, end: Try, *, now: datetime) -> Delivery | None:
    """
    The delivery after a try; None if a later one has begun since, which has the last word.

    A try that nobody knows the end of counts as one that failed.
    """
    if delivery.made != end.number or delivery.state is not DeliveryState.PENDING:
        return None
    tries = tuple(end if it.number == end.number else it for it in delivery.tries)
    if succeeded(end):
        over = {"tries": tries, "state": DeliveryState.DELIVERED, "due_at": None}
        return delivery.model_copy(update=over)
    wait = wait_after(delivery.made - delivery.passed)
    if wait is None or end.status == GONE:
        return delivery.model_copy(update={"tries": tries, "state": DeliveryState.FAILED, "due_at": None})
    return delivery.model_copy(update={"tries": tries, "next_at": now + wait, "due_at": now + wait})


def exhausted(delivery: Delivery) -> bool:
    """Whether all its tries were made; of the last one nobody knows the end then."""
    return delivery.made - delivery.passed > len(WAITS)


def given_up(delivery: Delivery) -> Delivery | None:
    """The delivery without any further try; None if it is over."""
    if delivery.state is not DeliveryState.PENDING:
        return None
    return delivery.model_copy(update={"state": DeliveryState.FAILED, "due_at": None})


def again(delivery: Delivery, *, now: datetime, quiet: timedelta) -> Delivery | None:
    """The delivery as if it were new, its tries kept; None while it is to be tried anyway, now."""
    if delivery.state is DeliveryState.PENDING and delivery.next_at <= now:
        return None
    return delivery.model_copy(
        update={
            "state": DeliveryState.PENDING,
            "passed": delivery.made,
            "next_at": now,
            "due_at": now + quiet,
        }
    )


def wait_after(failed: int) -> timedelta | None:
    """The wait after that many failed tries; None: it is given up."""
    return WAITS[failed - 1] if failed <= len(WAITS) else None


def valid(secrets: Sequence[Sealed], *, now: datetime) -> list[Sealed]:
    """Those that are signed with now, the newest first."""
    return [it for it in secrets if it.until is None or now < it.until]


def succeeded(end: Try) -> bool:
    """Only an answer of 2xx says that the message has arrived."""
    return end.error is None and end.status is not None and 200 <= end.status < 300


def judged(endpoint: Endpoint, end: Try, *, now: datetime) -> Endpoint | None:
    """The endpoint after a try; None if that changes nothing about it."""
    if succeeded(end):
        return endpoint.model_copy(update={"failing_since": None}) if endpoint.failing_since else None
    if not endpoint.enabled:
        return None
    since = endpoint.failing_since or now
    if end.status == GONE:
        why = GONE_FOR_GOOD
    elif now - since >= PATIENCE:
        why = f"every call has failed since {since.isoformat(timespec='seconds')}"
    elif endpoint.failing_since is None:
        return endpoint.model_copy(update={"failing_since": since})
    else:
        return None
    return endpoint.model_copy(update={"failing_since": since, "enabled": False, "why_disabled": why})
