"""Open a batch and begin it: what a submission and a replay have in common. Each step may be repeated."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

from services.submit import plan
from services.submit.costing import Offer
from services.submit.desk import Desk
from services.submit.means import Means
from services.submit.storing import SHOWN_REJECTED, Ticket, discard
from shared import tracing
from shared.catalogue.entry import ModelEntry
from shared.domain import identity
from shared.domain.lifecycle import first_round
from shared.domain.pacing import BRAKED, Pool, View, judge
from shared.errors import (
    FieldError,
    Gone,
    InvalidInput,
    KeyReused,
    NotFound,
    OmtxError,
    QuotaExceeded,
    TransientError,
)
from shared.models.batch import Batch, RowKind
from shared.models.facts import Experience
from shared.ports.ledger import Ledger
from shared.steps.manifest import Manifest
from shared.steps.quotas import Quota
from shared.steps.reading import Overview, overview
from shared.steps.settling import announce_jobs, first_places

LONGEST_KEY = 255
NOUNS: Mapping[RowKind, str] = {
    **{"ligand": "ligands", "variant": "variants"},
    **{"design": "jobs, each a share of the designs", "target": "jobs"},
}


def ticket_of(desk: Desk, fingerprint: str) -> Ticket:
    """Under which id a batch is opened; InvalidInput for an idempotency key that is none."""
    owner, key = desk.owner, _checked(desk.idempotency_key)
    return Ticket(owner, key, identity.batch_id(owner, key, uuid4().hex), fingerprint)


def _checked(key: str | None) -> str | None:
    if key is not None and not (1 <= len(key) <= LONGEST_KEY and key.isprintable()):
        message = f"must be 1 to {LONGEST_KEY} printable characters"
        raise InvalidInput(f"Idempotency-Key {message}", [FieldError("Idempotency-Key", message)])
    return key


def begun(
    ticket: Ticket,
    make: Callable[[], Batch],
    model: ModelEntry,
    kind: RowKind,
    desk: Desk,
) -> dict[str, Any]:
    """
    Open the batch that ``make`` stores everything of, unless it stands; what the user needs to follow it.

    ``make`` reserves its part of the quota itself, once it knows how much that is.

    Raises:
        KeyReused: the idempotency key belongs to another order.
        QuotaExceeded: it is more than the owner may have computed.
    """
    batch = _standing(desk.ledger, ticket.batch_id)
    if batch is None:
        desk.quota.look(ticket.batch_id)
        with _given_back(desk.quota, ticket.batch_id):
            made = make()
        batch = desk.ledger.open(made)
        if batch == made:  # not a twin's, which has done it
            desk.quota.confirm(batch)
        _brake(batch, model, desk)
    if batch.fingerprint != ticket.fingerprint:
        discard(desk.blobs, ticket.store)
        raise KeyReused(
            f"this Idempotency-Key belongs to {batch.batch_id}, which was submitted with another body"
        )
    tracing.follow(batch.trace, batch.counts.jobs)
    view = overview(desk.ledger, batch)
    # Repeated for a batch that stood: its first submitter may have died before this line.
    standing = desk.alignments.look(batch, now=desk.clock.now())
    if standing.waits:
        desk.alignments.want(batch, standing.missing, bus=desk.bus, now=desk.clock.now())
    else:
        first = first_places(first_round(batch), view.intents.limit)
        announce_jobs(first_round(batch), first, bus=desk.bus, roster=desk.roster)
    return _answer(view, model, kind, desk.means, manifest=desk.manifest)


@contextmanager
def _given_back(quota: Quota, batch_id: str) -> Iterator[None]:
    """What was reserved, if it comes to nothing; if this fails too, the claim is void after a while."""
    try:
        yield
    except QuotaExceeded:
        raise  # nothing was reserved
    except OmtxError:
        with suppress(OmtxError):
            quota.cancel(batch_id)
        raise


def _standing(ledger: Ledger, batch_id: str) -> Batch | None:
    try:
        return ledger.batch(batch_id)
    except Gone as error:
        raise KeyReused(
            f"this Idempotency-Key belongs to {batch_id}, which was deleted on {error.deleted_at:%Y-%m-%d}"
        ) from error
    except NotFound:
        return None


def _brake(batch: Batch, model: ModelEntry, desk: Desk) -> None:
    """Set a first limit where the model's usual run says so; without one, ``reconcile`` will."""
    strategy = batch.configuration.scheduling_strategy
    if strategy not in BRAKED:
        return  # the engine need not be asked
    with suppress(TransientError):  # a batch is not refused for want of a brake
        load = desk.engine.load(model.id)
        if load.size is None:
            return
        pool = Pool(load.size, load.running, load.waiting)
        view = View(0, batch.window, 0, Experience(), model.seconds_for(batch.tokens))
        pace = judge(strategy, None, view, pool, now=desk.clock.now())
        if pace is not None and pace.limit is not None:
            desk.ledger.intend(batch.batch_id, pace=pace)


def _answer(
    view: Overview, model: ModelEntry, kind: RowKind, means: Means, *, manifest: Manifest
) -> dict[str, Any]:
    batch, accounting = view.batch, view.accounting
    released = accounting.queued + accounting.running
    started = released if view.intents.limit is None else min(released, view.intents.limit)
    offer = Offer(model, batch.configuration, batch.tariff, means.at_once(model.id), batch.tokens)
    expected = batch.estimate or offer.expected(batch.counts.jobs)
    risk = plan.risk(batch, typical_seconds=model.seconds_for(batch.tokens))
    rejected = itertools.islice(manifest.rejected(batch), SHOWN_REJECTED)
    return {
        "success": True,
        "batch_id": batch.batch_id,
        "message": f"accepted {batch.counts.valid} of {batch.counts.submitted} {NOUNS[kind]}",
        "total_jobs": batch.counts.submitted,
        "duplicates": batch.counts.duplicates,
        "accounting": accounting.model_dump(),
        "rejected": [row.model_dump() for row in rejected],
        "chemistry_report": dict(batch.chemistry_report),
        "estimated_duration_seconds": max(1, round(expected.seconds)),
        "estimated_cost_usd": expected.usd,
        "scheduling_strategy": batch.configuration.scheduling_strategy,
        "started_jobs": started,
        "queued_jobs": released - started + accounting.pending,
        "optimization_recommendations": plan.recommendations(batch, risk["risk_score"]),
        "risk_assessment": risk,
        "test_model": batch.test_model,
        "status_url": f"/api/v3/batches/{batch.batch_id}/status",
        "results_url": f"/api/v3/batches/{batch.batch_id}/results",
        "webhook_id": batch.hook,
    }
