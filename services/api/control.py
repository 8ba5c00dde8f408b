"""What an owner may ask of a batch: pause, resume, cancel, retry, delete. Each may be asked for again."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from services.api.answers.batches import Controlled, Deleted
from services.api.dependencies import DELETE, SUBMIT, Stored
from services.api.store import Store
from shared.domain.lifecycle import final_status
from shared.errors import FieldError, Gone, IllegalMove, InvalidInput, NotFound
from shared.models.base import Frozen
from shared.models.batch import BatchStatus
from shared.models.facts import Intents
from shared.steps.reading import Overview

router = APIRouter(prefix="/api/v3/batches/{batch_id}", tags=["control"])

SAID = {
    "pause": "paused; what runs goes on to its end, and nothing else is started",
    "resume": "resumed; what was held back is being started",
    "cancel": "cancelled; ligands that are open are being closed as cancelled",
    "retry_failed": "the ligands that failed are being computed again",
}
MOST_ROUNDS = 100


class Asked(Frozen):
    """What may be said of an action: which round, for ``retry_failed``."""

    round: Annotated[int | None, Field(ge=1, le=MOST_ROUNDS)] = None


@router.post(
    "/control/{action}",
    summary="Pause, resume, cancel or retry",
    dependencies=[SUBMIT],
    responses={200: {"model": Controlled}},
)
def control(
    store: Stored,
    batch_id: str,
    action: Annotated[str, Path(json_schema_extra={"enum": [*SAID]})],
    round: Annotated[int | None, Query(ge=1, le=MOST_ROUNDS)] = None,
    asked: Asked | None = None,
) -> dict[str, Any]:
    """Pause, resume, cancel or retry what failed: 409, with the reason, where it cannot be."""
    if action not in SAID:
        message = f"unknown action {action!r}; there are: {', '.join(SAID)}"
        raise InvalidInput(message, [FieldError("action", message)])
    if action == "retry_failed":
        return retry(store, batch_id, round or (asked.round if asked else None))
    _check(store.overview(batch_id), action)
    now = store.clock.now()
    intents = _intend(store, batch_id, action)
    at = intents.cancelled_at if action == "cancel" else now
    return _done(batch_id, action, at or now)


def _done(batch_id: str, action: str, at: datetime, **more: int) -> dict[str, Any]:
    return {
        "success": True,
        "batch_id": batch_id,
        "action": action,
        "timestamp": at.isoformat(),
        "message": SAID[action],
        **more,
    }


def _check(view: Overview, action: str) -> None:
    """
    Raise IllegalMove for what is over, and for pausing or resuming what is being cancelled.

    A second cancellation is no mistake, not even when the first is done.
    """
    if view.batch.imported and view.closing is None:
        raise IllegalMove(f"batch {view.batch.batch_id} is being imported; there is nothing to {action}")
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


def retry(store: Store, batch_id: str, wanted: int | None) -> dict[str, Any]:
    """
    Ask for the next round, or for the round that is ``wanted``.

    A client that may have to ask twice names the round: the second time changes nothing. Without it,
    asking again while a round is open means that round.
    """
    view = store.overview(batch_id)
    asked = max(view.intents.retry, view.rounds[-1].number)
    open = view.closing is None or view.closing.finished_at is None
    number = wanted or (asked if open and asked else asked + 1)
    if number == asked + 1:
        _check_retry(view)
        if not store.ledger.ask_retry(batch_id, number):
            raise IllegalMove(f"batch {batch_id} changed meanwhile; look at it again")
    elif number > asked:
        raise IllegalMove(f"batch {batch_id} had {asked} retries, so the next round is {asked + 1}")
    return _done(batch_id, "retry_failed", store.clock.now(), round=number)


def _check_retry(view: Overview) -> None:
    name, closing = view.batch.batch_id, view.closing
    if closing is None or closing.finished_at is None:
        raise IllegalMove(f"batch {name} is {view.status.value}; retry what failed when it is over")
    if view.intents.cancelled_at is not None:
        spent_out = view.intents.pace.spent_out if view.intents.pace else None
        if spent_out:
            raise IllegalMove(f"{spent_out}; submit what you still want with a higher limit")
        raise IllegalMove(f"batch {name} was cancelled; submit what you still want as a new batch")
    if view.batch.imported:
        raise IllegalMove(f"batch {name} was computed by an older system; submit its failed ligands anew")
    if view.accounting.failed == 0:
        raise IllegalMove(f"no ligand of batch {name} failed; there is nothing to retry")


@router.delete("", summary="Delete a batch", dependencies=[DELETE], responses={200: {"model": Deleted}})
def delete(store: Stored, batch_id: str) -> dict[str, Any]:
    """Hide it at once and erase it; 409 while it is not over. Twice is no mistake."""
    try:
        view = store.overview(batch_id)
    except Gone as gone:
        return _deleted(store, gone)
    deleted = store.ledger.delete(batch_id, now=store.clock.now())
    store.answers.forget(batch_id)
    if deleted is None:
        state = f"batch {batch_id} is {view.status.value}"
        raise IllegalMove(f"{state}; cancel it, and delete it when it is over")
    return _deleted(store, deleted)


def _deleted(store: Store, gone: Gone) -> dict[str, Any]:
    if gone.owner != store.owner:
        raise NotFound(f"no batch {gone.batch_id}")
    return {
        "success": True,
        "batch_id": gone.batch_id,
        "deleted_jobs": gone.jobs,
        "timestamp": gone.deleted_at.isoformat(),
        "message": "deleted; its files and records are being erased",
    }
