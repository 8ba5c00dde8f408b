"""Messages that were given up: looked at, sent again, or put aside for good."""

from collections.abc import Mapping
from typing import Any

from services.api.query import instant, one_of, text, whole
from services.api.store import Store
from shared.entry import Answer, as_json
from shared.events.parked import document_of, subject, unwrapped
from shared.ports.bus import DeadLetter, LetterState

MOST_LISTED = 200
MOST_REPLAYED = 500
MOST_REASON = 500
SHOWN_BYTES = 100_000


def list_letters(store: Store, args: Mapping[str, str]) -> Answer:
    """``GET /api/v3/dead-letters``: newest first; the open ones, unless ``state`` says otherwise."""
    limit = whole(args, "limit", default=50, least=1, most=MOST_LISTED)
    wanted = one_of(args, "state", [*LetterState, "all"]) or LetterState.OPEN.value
    state = None if wanted == "all" else LetterState(wanted)
    found = store.letters.letters(state=state, limit=limit + 1, after=args.get("after"))
    more = len(found) > limit
    return as_json(
        {
            "dead_letters": [_summary(letter) for letter in found[:limit]],
            "open": store.letters.open_letters(),
            "pagination": {
                "limit": limit,
                "has_more": more,
                "next_after": found[limit - 1].id if more else None,
            },
        }
    )


def letter(store: Store, args: Mapping[str, str], letter_id: str) -> Answer:
    """``GET /api/v3/dead-letters/{id}``: one letter with its message."""
    return as_json(_whole(store.letters.letter(letter_id)))


def replay(store: Store, args: Mapping[str, str], letter_id: str) -> Answer:
    """``POST …/{id}/replay``: publish it again; a second time nothing happens."""
    return as_json(_whole(store.letters.replay(letter_id, by=store.owner)))


def discard(store: Store, args: Mapping[str, str], letter_id: str) -> Answer:
    """``POST …/{id}/discard`` with a ``reason``: it is no longer open, and kept."""
    reason = text(args, "reason", most=MOST_REASON)
    return as_json(_whole(store.letters.discard(letter_id, reason=reason, by=store.owner)))


def replay_all(store: Store, args: Mapping[str, str]) -> Answer:
    """
    ``POST /api/v3/dead-letters/replay``: every open letter parked by ``parked_by`` (now), newest first.

    At most 500 a call. A message that fails again is a new letter, parked later: whoever asks again
    with the ``parked_by`` of the first answer comes to an end. What holds no message is passed over.
    """
    by = instant(args, "parked_by", default=store.clock.now())
    found = store.letters.letters(
        state=LetterState.OPEN, limit=MOST_REPLAYED, after=args.get("after"), parked_by=by
    )
    unreadable = [letter.id for letter in found if unwrapped(letter.data).message is None]
    sendable = [letter.id for letter in found if letter.id not in unreadable]
    for letter_id in sendable:
        store.letters.replay(letter_id, by=store.owner)
    more = len(found) == MOST_REPLAYED
    return as_json(
        {
            "replayed": len(sendable),
            "unreadable": unreadable,
            "left": store.letters.open_letters(parked_by=by),
            "parked_by": by.isoformat(),
            "next_after": found[-1].id if more else None,
        }
    )


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
