"""Glance, claim, spawn, note the call: in this order, so that whatever dies in between is healed."""

from datetime import datetime

from services.dispatch.line import claimed
from services.dispatch.orders import Terms, compose
from shared import tracing
from shared.errors import Unavailable, Unknown
from shared.events.messages import JobFinished, JobQueued
from shared.models.batch import Batch
from shared.models.facts import Attempt
from shared.models.work import Envelope, Failure, FailureClass, JobRef
from shared.ports.blobs import Blobs
from shared.ports.bus import Bus
from shared.ports.engine import Engine
from shared.ports.ledger import Ledger
from shared.ports.world import Clock
from shared.steps.alignments import Alignments
from shared.steps.manifest import Manifest
from shared.steps.roster import Roster


def handle(
    event: JobQueued,
    *,
    terms: Terms,
    ledger: Ledger,
    blobs: Blobs,
    engine: Engine,
    clock: Clock,
    bus: Bus,
    manifest: Manifest,
    roster: Roster,
    alignments: Alignments,
) -> None:
    """
    Start one attempt, unless it is held by another, over, unwanted, imported, not yet due, or over the
    limit; one whose alignment is not there waits, and asks for it.

    A message that is dropped here is not lost: what it asked for stands in the state, and
    ``reconcile`` asks again when it is due.
    """
    now = clock.now()
    batch, round, intents = ledger.glance(event.ref)
    roster.check(round, event.ref)
    early = event.not_before is not None and event.not_before > now
    if batch.imported or intents.cancelled_at is not None or intents.paused or early:
        return
    standing = alignments.look(batch, now=now)
    if standing.waits:
        alignments.want(batch, standing.missing, bus=bus, now=now)
        return
    before = _attempt_before(event.ref, ledger)
    ref = claimed(
        round,
        event.ref,
        limit=intents.limit if intents.limit is not None or not intents.braked else round.window,
        until=intents.until(round.number),
        ledger=ledger,
        roster=roster,
        now=now,
        lease=terms.lease,
    )
    if ref is None:
        return
    if standing.futile is not None:
        bus.publish([JobFinished(envelope=_unaligned(ref, standing.futile, now))])
        return
    tracing.about(ref.job_id)  # under a limit it is not always the ligand that the message names
    row = manifest.row(batch, ref.position)
    order = compose(
        batch,
        row,
        ref,
        terms,
        aligned=standing.files,
        blobs=blobs,
        now=now,
        before=before,
        trace=tracing.headers_of(tracing.current()),
    )
    try:
        call_id = engine.spawn(order)
    except Unknown:
        return  # it may run: the webhook, or the end of the lease, will tell
    except Unavailable:
        ledger.unclaim(ref, now=now)
        raise
    _note(batch, ref, call_id, terms, ledger=ledger, engine=engine, clock=clock)


def _attempt_before(ref: JobRef, ledger: Ledger) -> Attempt | None:
    """The attempt before this one, how it failed above all; a claim replaces what is known of it."""
    if ref.attempt == 1:
        return None
    return next(iter(ledger.attempts(ref.batch_id, ref.round, [ref.position])), None)


def _unaligned(ref: JobRef, reason: str, now: datetime) -> Envelope:
    """An attempt that ends before it is started: ``complete`` counts it, and another may find more."""
    message = f"no multiple sequence alignment: {reason}"
    failure = Failure(kind=FailureClass.INFRASTRUCTURE, message=message)
    return Envelope(ref=ref, status="failed", failure=failure, started_at=now, finished_at=now)


def _note(
    batch: Batch, ref: JobRef, call_id: str, terms: Terms, *, ledger: Ledger, engine: Engine, clock: Clock
) -> None:
    now = clock.now()
    deadline = now + terms.queue_allowance + terms.run_time(batch)
    if not ledger.note_call(ref, call_id, deadline=deadline, due_at=now + terms.poll):
        # Our lease ran out while we spawned and another's call stands, or the ligand has its outcome.
        engine.cancel(call_id)
