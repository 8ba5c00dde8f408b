"""``POST …/force-refresh``: count anew, and do again what was lost on the way, as ``reconcile`` does it."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter

from services.api.answers.completion import Refreshed
from services.api.dependencies import SUBMIT, Stored
from services.api.listing import listed
from services.api.milestones import SAMPLED, described
from services.api.sampling import going
from services.api.store import Store
from shared.steps.mending import announce_again, count_again, release_again
from shared.steps.reading import Overview
from shared.steps.settling import note_milestones

router = APIRouter(prefix="/api/v3/batch-completion", tags=["completion"], dependencies=[SUBMIT])


@router.post(
    "/batch/{batch_id}/force-refresh",
    summary="Count a batch anew and mend it",
    responses={200: {"model": Refreshed}},
)
def force_refresh(store: Stored, batch_id: str) -> dict[str, Any]:
    """
    The counts are read off the facts, as always; what is overdue is published again.

    Runs that are silent, cancellations and retries are left to ``reconcile``, which comes by every minute.
    """
    did = list(_mended(store, store.overview(batch_id)))
    view = store.overview(batch_id)
    return {
        "message": "; ".join(did) or "nothing was stuck",
        "progress": described(view, going(store, view, most=SAMPLED)),
        "mended": did,
        "updated_batch": listed(view),
        "note": "counts come from the facts each time; nothing is kept that could be out of date",
    }


def _mended(store: Store, view: Overview) -> Iterator[str]:
    batch, round, closing = view.batch, view.tallies[-1].round, view.closing
    ledger, bus, clock = store.ledger, store.bus, store.clock
    if closing is not None:
        if announce_again(round, closing, quiet=store.quiet, ledger=ledger, bus=bus, clock=clock):
            yield "published batch-finished again"
        return
    if batch.imported or view.intents.retry > round.number:
        return
    # Whoever wants to be told of them is, by ``reconcile``.
    note_milestones(batch, round, ledger=ledger, clock=clock, notices=None)
    if _goes_on(store, view):
        leaves = view.tallies[-1].leaves
        again = release_again(
            round,
            leaves,
            quiet=store.quiet,
            ledger=ledger,
            bus=bus,
            clock=clock,
            roster=store.roster,
        )
        if missing := sum(again):
            yield f"published {missing} released ligands again"
    if counted := len(list(count_again(round, ledger=ledger, bus=bus, clock=clock))):
        yield f"counted {counted} full nodes again"


def _goes_on(store: Store, view: Overview) -> bool:
    """Whether the window alone says what is released: under a brake, ``reconcile`` judges anew."""
    intents = view.intents
    held = intents.paused or intents.cancelled_at is not None or intents.braked
    return not held and not store.alignments.look(view.batch, now=store.clock.now()).waits
