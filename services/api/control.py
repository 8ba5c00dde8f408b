"""What an owner may ask of a batch: pause, resume, cancel. Each may be asked for again."""

from collections.abc import Mapping

from services.api.store import Store
from shared.domain.lifecycle import final_status
from shared.entry import Answer, as_json
from shared.errors import FieldError, IllegalMove, InvalidInput
from shared.models.batch import BatchStatus
from shared.models.facts import Intents
from shared.steps.reading import Overview

SAID = {
    "pause": "paused; what runs goes on to its end, and nothing else is started",
    "resume": "resumed; what was held back is being started",
    "cancel": "cancelled; ligands that are open are being closed as cancelled",
}


def control(store: Store, args: Mapping[str, str], batch_id: str, action: str) -> Answer:
    """``POST …/control/{pause|resume|cancel}``: 409 with the reason where the state forbids it."""
    if action not in SAID:
        message = f"unknown action {action!r}; there are: {', '.join(SAID)}"
        raise InvalidInput(message, [FieldError("action", message)])
    _check(store.overview(batch_id), action)
    now = store.clock.now()
    intents = _intend(store, batch_id, action)
    at = intents.cancelled_at if action == "cancel" else now
    return as_json(
        {
            "success": True,
            "batch_id": batch_id,
            "action": action,
            "timestamp": (at or now).isoformat(),
            "message": SAID[action],
        }
    )


def _check(view: Overview, action: str) -> None:
    """
    Raise IllegalMove for what is over, and for pausing or resuming what is being cancelled.

    A second cancellation is no mistake, not even when the first is done.
    """
    # By the facts, not by the status: a cancelled batch stays cancelled while its artefacts are written.
    if view.closing is not None:
        ended = final_status(view.accounting, view.intents)
        if action != "cancel" or ended is not BatchStatus.CANCELLED:
            over = f"batch {view.batch.batch_id} is over ({ended.value})"
            raise IllegalMove(f"{over}; there is nothing left to {action}")
    elif view.intents.cancelled_at is not None and action != "cancel":
        raise IllegalMove(f"batch {view.batch.batch_id} is being cancelled; you cannot {action} it")


def _intend(store: Store, batch_id: str, action: str) -> Intents:
    if action == "cancel":
        return store.ledger.intend(batch_id, cancelled_at=store.clock.now())
    return store.ledger.intend(batch_id, paused=action == "pause")
