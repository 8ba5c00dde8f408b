"""Glance, claim, spawn, note the call: in this order, so that whatever dies in between is healed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from services.dispatch.desk import Desk
from services.dispatch.line import claimed, limit_of
from services.dispatch.orders import Claim, compose
from services.dispatch.reusing import answered
from shared import tracing
from shared.errors import Unavailable, Unknown
from shared.events.messages import JobFinished, JobQueued
from shared.models.batch import Batch, LibraryRow, StoredInput
from shared.models.facts import Attempt, Intents, Round
from shared.models.work import Envelope, Failure, FailureClass, JobRef
from shared.ports.ledger import Ledger


def handle(event: JobQueued, desk: Desk) -> None:
    """
    Start one attempt, unless it is held by another, over, unwanted, imported, not yet due, or over the
    limit; one whose alignment is not there waits, and asks for it. What was computed before is not started:
    its answer goes the way of every answer.

    A message that is dropped here is not lost: what it asked for stands in the state, and
    ``reconcile`` asks again when it is due.
    """
    now = desk.clock.now()
    batch, round, intents = desk.ledger.glance(event.ref)
    desk.roster.check(round, event.ref)
    if not _wanted(event, batch, intents, now):
        return
    standing = desk.alignments.look(batch, now=now)
    if standing.waits:
        desk.alignments.want(batch, standing.missing, bus=desk.bus, now=now)
        return
    claim = _claim(event.ref, batch, round, intents, desk, now)
    if claim is None:
        return
    if standing.futile is not None:
        known: Envelope | None = _unaligned(claim, standing.futile)
    else:
        known = _known_or_started(claim, standing.files, desk)
    if known is not None:
        desk.bus.publish([JobFinished(envelope=known)])


def _wanted(event: JobQueued, batch: Batch, intents: Intents, now: datetime) -> bool:
    """Whether anything is to be started for a message at this time."""
    early = event.not_before is not None and event.not_before > now
    return not (batch.imported or intents.cancelled_at is not None or intents.paused or early)


def _claim(
    ref: JobRef, batch: Batch, round: Round, intents: Intents, desk: Desk, now: datetime
) -> Claim | None:
    before = _attempt_before(ref, desk.ledger)  # a claim replaces what is known of it
    chosen = claimed(
        round,
        ref,
        limit=limit_of(intents, round),
        until=intents.until(round.number),
        ledger=desk.ledger,
        roster=desk.roster,
        now=now,
        lease=desk.terms.lease,
    )
    return None if chosen is None else Claim(batch, chosen, before, now)


def _attempt_before(ref: JobRef, ledger: Ledger) -> Attempt | None:
    """The attempt before this one, how it failed above all."""
    if ref.attempt == 1:
        return None
    return next(iter(ledger.attempts(ref.batch_id, ref.round, [ref.position])), None)


def _unaligned(claim: Claim, reason: str) -> Envelope:
    """An attempt that ends before it is started: ``complete`` counts it, and another may find more."""
    message = f"no multiple sequence alignment: {reason}"
    failure = Failure(kind=FailureClass.INFRASTRUCTURE, message=message)
    return Envelope(
        ref=claim.ref, status="failed", failure=failure, started_at=claim.at, finished_at=claim.at
    )


def _known_or_started(claim: Claim, aligned: Mapping[str, StoredInput], desk: Desk) -> Envelope | None:
    """The answer of an earlier run; or None, and one of its own is under way, or may be."""
    tracing.about(claim.ref.job_id)  # under a limit it is not always the ligand that the message names
    with _given_back(claim, desk.ledger):
        row = desk.manifest.row(claim.batch, claim.ref.position)
        known = answered(claim, row, ledger=desk.ledger, blobs=desk.blobs, manifest=desk.manifest)
    if known is None:
        _start(claim, row, aligned, desk)
    return known


def _start(claim: Claim, row: LibraryRow, aligned: Mapping[str, StoredInput], desk: Desk) -> None:
    trace = tracing.headers_of(tracing.current())
    order = compose(claim, row, desk.terms, aligned=aligned, blobs=desk.blobs, trace=trace)
    try:
        with _given_back(claim, desk.ledger):
            call_id = desk.engine.spawn(order)
    except Unknown:
        return  # it may run: the webhook, or the end of the lease, will tell
    _note(claim, call_id, desk)


@contextmanager
def _given_back(claim: Claim, ledger: Ledger) -> Iterator[None]:
    """Where a backend refuses, nothing was started: the message will come again, and may claim it then."""
    try:
        yield
    except Unavailable:
        ledger.unclaim(claim.ref, now=claim.at)
        raise


def _note(claim: Claim, call_id: str, desk: Desk) -> None:
    now, terms = desk.clock.now(), desk.terms
    deadline = now + terms.queue_allowance + terms.run_time(claim.batch)
    if not desk.ledger.note_call(claim.ref, call_id, deadline=deadline, due_at=now + terms.poll):
        # Our lease ran out while we spawned and another's call stands, or the ligand has its outcome.
        desk.engine.cancel(call_id)
