"""Claim, check, write, finish: the artefacts are there and verified before the batch is done."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from services.aggregate.artefacts import write_all
from services.aggregate.desk import Desk
from services.aggregate.remembering import remember
from services.aggregate.signing import signed
from services.aggregate.tables import Table
from shared.domain.lifecycle import Accounting, final_status
from shared.errors import PermanentError
from shared.events.messages import BatchFinished
from shared.logs import note
from shared.measures import AGGREGATE_SECONDS, BATCHES_CLOSED
from shared.models.batch import Batch, BatchStatus
from shared.models.work import Artefact
from shared.steps.reading import Overview, account_of, overview


class InvariantBroken(PermanentError):
    """The rows of a closed batch do not add up. Never finished, never hidden."""

    title = "The accounting does not add up"


@dataclass(frozen=True)
class Ending:
    """How a batch ended, with what was written of it."""

    status: BatchStatus
    artefacts: list[Artefact]
    summary: dict[str, Any]


def handle(event: BatchFinished, desk: Desk) -> None:
    """
    Finish a full batch, once; running twice writes the same bytes.

    Raises:
        InvariantBroken: submitted is not the sum of what became of the rows.
    """
    ledger = desk.ledger
    batch = ledger.batch(event.batch_id)
    now = desk.clock.now()
    fence = ledger.claim_aggregation(batch.batch_id, event.round, now=now, lease_until=now + desk.lease)
    if fence is None:
        return  # not closed, held by another, or finished
    view = overview(ledger, batch)
    assert view.closing is not None, "only a closed round can be claimed"
    ending = _written(view, view.closing.closed_at, desk)
    reached = partial(ledger.milestones, batch.batch_id)
    news = desk.notices.keep_end(batch, ending.status, view.accounting, view.closing, reached)
    ended = desk.clock.now()
    finished = ledger.finish(
        batch.batch_id,
        event.round,
        fence=fence,
        status=ending.status.value,
        summary=ending.summary,
        artefacts=ending.artefacts,
        now=ended,
    )
    if finished:
        desk.notices.publish(news)
        note(closed=ending.status.value, model=batch.model)
        BATCHES_CLOSED.add(batch.model, ending.status.value)
        AGGREGATE_SECONDS.observe((ended - now).total_seconds())


def _written(view: Overview, closed_at: datetime, desk: Desk) -> Ending:
    """All that is kept of a batch that adds up, and the manifest of it signed."""
    batch, ledger, blobs = view.batch, desk.ledger, desk.blobs
    with Table.read(batch, ledger=ledger, manifest=desk.manifest) as table:
        _check(batch, view.accounting, table)
        status = final_status(view.accounting, view.intents)
        cost = account_of(batch, view.intents, until=closed_at).final(table.bill)
        remember(batch, table, blobs)
        artefacts, summary = write_all(
            batch, status, view.accounting, closed_at, table, cost=cost, blobs=blobs
        )
    artefacts.append(signed(batch, view.accounting, artefacts, notary=desk.notary, blobs=blobs))
    return Ending(status, artefacts, summary)


def _check(batch: Batch, accounting: Accounting, table: Table) -> None:
    """The counters, the stored outcomes and the library must tell the same story."""
    counted = accounting.model_dump(include={"completed", "failed", "cancelled", "invalid", "filtered"})
    if not accounting.holds or accounting.open or counted != table.counts:
        raise InvariantBroken(
            f"batch {batch.batch_id}: counters say {accounting.sentence()}, its rows say {table.counts}"
        )
