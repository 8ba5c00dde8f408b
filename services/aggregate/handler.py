"""Claim, check, write, finish: the artefacts are there and verified before the batch is done."""

from datetime import timedelta

from services.aggregate.artefacts import write_all
from services.aggregate.signing import signed
from services.aggregate.tables import Table
from shared.domain.lifecycle import Accounting, final_status
from shared.errors import PermanentError
from shared.events.messages import BatchFinished
from shared.logs import note
from shared.measures import AGGREGATE_SECONDS, BATCHES_CLOSED
from shared.models.batch import Batch
from shared.ports.blobs import Blobs
from shared.ports.ledger import Ledger
from shared.ports.world import Clock, Notary
from shared.steps.manifest import Manifest
from shared.steps.notices import Notices
from shared.steps.reading import account_of, overview


class InvariantBroken(PermanentError):
    """The rows of a closed batch do not add up. Never finished, never hidden."""

    title = "The accounting does not add up"


def handle(
    event: BatchFinished,
    *,
    lease: timedelta,
    ledger: Ledger,
    blobs: Blobs,
    clock: Clock,
    manifest: Manifest,
    notices: Notices,
    notary: Notary,
) -> None:
    """
    Finish a full batch, once; running twice writes the same bytes.

    Raises:
        InvariantBroken: submitted is not the sum of what became of the rows.
    """
    batch = ledger.batch(event.batch_id)
    now = clock.now()
    fence = ledger.claim_aggregation(batch.batch_id, event.round, now=now, lease_until=now + lease)
    if fence is None:
        return  # not closed, held by another, or finished
    view = overview(ledger, batch)
    assert view.closing is not None, "only a closed round can be claimed"
    with Table.read(batch, ledger=ledger, manifest=manifest) as table:
        _check(batch, view.accounting, table)
        status = final_status(view.accounting, view.intents)
        closed_at = view.closing.closed_at
        cost = account_of(batch, view.intents, until=closed_at).final(table.bill)
        artefacts, summary = write_all(
            batch, status, view.accounting, closed_at, table, cost=cost, blobs=blobs
        )
    artefacts.append(signed(batch, view.accounting, artefacts, notary=notary, blobs=blobs))
    news = notices.keep_end(
        batch, status, view.accounting, view.closing, lambda: ledger.milestones(batch.batch_id)
    )
    ended = clock.now()
    finished = ledger.finish(
        batch.batch_id,
        event.round,
        fence=fence,
        status=status.value,
        summary=summary,
        artefacts=artefacts,
        now=ended,
    )
    if finished:
        notices.publish(news)
        note(closed=status.value, model=batch.model)
        BATCHES_CLOSED.add(batch.model, status.value)
        AGGREGATE_SECONDS.observe((ended - now).total_seconds())


def _check(batch: Batch, accounting: Accounting, table: "Table") -> None:
    """The counters, the stored outcomes and the library must tell the same story."""
    counted = accounting.model_dump(include={"completed", "failed", "cancelled", "invalid", "filtered"})
    if not accounting.holds or accounting.open or counted != table.counts:
        raise InvariantBroken(
            f"batch {batch.batch_id}: counters say {accounting.sentence()}, its rows say {table.counts}"
        )
