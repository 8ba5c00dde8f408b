"""Messages that were given up: looked at, sent again, or put aside for good."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query
from pydantic import StringConstraints

from services.api.dependencies import ADMIN, Stored
from services.api.moments import AwareMoment
from shared.events.parked import document_of, subject, unwrapped
from shared.models.base import Frozen
from shared.ports.bus import DeadLetter, LetterState

router = APIRouter(prefix="/api/v3/dead-letters", tags=["dead letters"], dependencies=[ADMIN])

MOST_LISTED = 200
MOST_REPLAYED = 500
MOST_REASON = 500
SHOWN_BYTES = 100_000
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_REASON)]


class Replaying(Frozen):
    """Which letters: those parked by then, after one that an earlier answer named."""

    parked_by: AwareMoment | None = None
    after: str | None = None


@router.get("")
def list_letters(
    store: Stored,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
    state: Literal["open", "replayed", "discarded", "all"] = "open",
    after: str | None = None,
) -> dict[str, Any]:
    """Newest first; the open ones, unless ``state`` says otherwise."""
    wanted = None if state == "all" else LetterState(state)
    found = store.letters.letters(state=wanted, limit=limit + 1, after=after)
    more = len(found) > limit
    return {
        "dead_letters": [_summary(letter) for letter in found[:limit]],
        "open": store.letters.open_letters(),
        "pagination": {
            "limit": limit,
            "has_more": more,
            "next_after": found[limit - 1].id if more else None,
        },
    }


@router.get("/{letter_id}")
def letter(store: Stored, letter_id: str) -> dict[str, Any]:
    """One letter with its message."""
    return _whole(store.letters.letter(letter_id))


@router.post("/{letter_id}/replay")
def replay(store: Stored, letter_id: str) -> dict[str, Any]:
    """Publish it again; a second time nothing happens."""
    return _whole(store.letters.replay(letter_id, by=store.owner))


@router.post("/{letter_id}/discard")
def discard(store: Stored, letter_id: str, reason: Annotated[Reason, Body(embed=True)]) -> dict[str, Any]:
    """It is no longer open, and kept."""
    return _whole(store.letters.discard(letter_id, reason=reason, by=store.owner))


@router.post("/replay")
def replay_all(store: Stored, which: Replaying | None = None) -> dict[str, Any]:
    """
    Publish every open letter parked by ``parked_by`` (now) again, newest first.

    At most 500 a call. A message that fails again is a new letter, parked later: whoever asks again
    with the ``parked_by`` of the first answer comes to an end. What holds no message is passed over.
    """
    which = which or Replaying()
    by = which.parked_by or store.clock.now()
    found = store.letters.letters(
        state=LetterState.OPEN, limit=MOST_REPLAYED, after=which.after, parked_by=by
    )
    unreadable = [letter.id for letter in found if unwrapped(letter.data).message is None]
    sendable = [letter.id for letter in found if letter.id not in unreadable]
    for letter_id in sendable:
        store.letters.replay(letter_id, by=store.owner)
    more = len(found) == MOST_REPLAYED
    return {
        "replayed": len(sendable),
        "unreadable": unreadable,
        "left": store.letters.open_letters(parked_by=by),
        "parked_by": by.isoformat(),
        "next_after": found[-1].id if more else None,
    }


def _summary(letter: DeadLetter) -> dict[str, Any]:
    parked = unwrapped(letter.data)
    message = parked.message
    about = subject(message or b"")
    return {
        "id": letter.id,
        "state": letter.state.value,
        "topic": letter.topic,
        "subscription": letter.subscription,
        "reason": letter.reason,
        "batch_id": about.batch_id,
        "job_id": about.job_id,
        "attempt": about.attempt,
        "times": letter.times,
        "deliveries": letter.deliveries,
        "published_at": letter.published_at.isoformat() if letter.published_at else None,
        "parked_at": letter.parked_at.isoformat(),
        "last_parked_at": letter.last_parked_at.isoformat(),
        "closed_at": letter.closed_at.isoformat() if letter.closed_at else None,
        "closed_by": letter.closed_by,
        "remark": letter.remark,
        "replayable": letter.state is LetterState.OPEN and message is not None,
        "why_not_replayable": parked.lack if message is None else None,
    }


def _whole(letter: DeadLetter) -> dict[str, Any]:
    parked = unwrapped(letter.data)
    message = parked.message
    shown = next(it for it in (message, parked.beginning, letter.data) if it is not None)
    cut = len(shown) > SHOWN_BYTES or parked.beginning is not None
    return {
        **_summary(letter),
        "message": None if message is None or cut else document_of(message),
        "text": shown[:SHOWN_BYTES].decode(errors="replace"),
        "text_is_cut": cut,
    }
