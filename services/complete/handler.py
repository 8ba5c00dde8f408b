"""Check the artefacts, then settle the ligand or send it round again."""

from services.complete.desk import Desk
from services.complete.verdict import Again, outcome_of, verdict
from shared.domain.costs import usage
from shared.domain.naming import job_key
from shared.errors import InvalidInput, NotFound
from shared.events.messages import JobFinished, JobQueued
from shared.logs import note
from shared.measures import ATTEMPTS_RETRIED
from shared.models.batch import Batch
from shared.models.costs import Usage
from shared.models.facts import Outcome
from shared.models.work import Artefact, Envelope, Failure, FailureClass, JobRef
from shared.ports.blobs import Blobs
from shared.ports.bus import Bus
from shared.ports.ledger import Ledger
from shared.steps.settling import settle


def handle(event: JobFinished, desk: Desk) -> None:
    """Close one attempt. The first terminal outcome of a ligand wins; a duplicate helps it to its end."""
    ref = event.envelope.ref
    batch, round, intents = desk.ledger.glance(ref)
    desk.roster.check(round, ref)
    outcome = _outcome(batch, _verified(event.envelope, desk.blobs), desk)
    if outcome is None:
        return
    note(settled=outcome.kind.value, model=batch.model)
    going_on = not intents.paused and intents.cancelled_at is None
    by_window = going_on and not intents.braked
    settle(
        batch,
        round,
        [outcome],
        ledger=desk.ledger,
        bus=desk.bus,
        clock=desk.clock,
        roster=desk.roster,
        notices=desk.notices,
        releasing=by_window,
    )
    if going_on and not by_window:
        # Under a limit the ligand hands its place on: ``dispatch`` finds who is next in line.
        desk.bus.publish([JobQueued(ref=ref.model_copy(update={"attempt": 1}))])


def _outcome(batch: Batch, envelope: Envelope, desk: Desk) -> Outcome | None:
    """The ligand's, which this answer may be; None: it goes round again."""
    # A success is settled at once, which tells whether another was faster. A failure must not send
    # round again what has its outcome, so that is looked for first.
    standing = desk.ledger.outcome(envelope.ref) if envelope.failure is not None else None
    if standing is not None:
        return standing
    most = batch.configuration.max_attempts
    decision = verdict(envelope, most_attempts=most, first_backoff=desk.first_backoff, now=desk.clock.now())
    runs = _runs(batch, envelope, desk.ledger)
    if isinstance(decision, Again):
        _send_round(decision, runs, ledger=desk.ledger, bus=desk.bus)
        return None
    copies = desk.manifest.copies(batch, envelope.ref.position)
    return outcome_of(envelope, copies=copies, runs=runs, test_model=batch.test_model)


def _runs(batch: Batch, envelope: Envelope, ledger: Ledger) -> tuple[Usage, ...]:
    """All runs for the ligand by now, where they are paid for; only a later attempt costs a read."""
    ref, tariff = envelope.ref, batch.tariff
    if tariff is None or tariff.free:
        return ()
    standing = ledger.attempts(ref.batch_id, ref.round, [ref.position]) if ref.attempt > 1 else []
    earlier = standing[0].runs if standing else ()
    if envelope.call_id is None and envelope.machine is None:
        return earlier  # it was claimed, and nothing ran
    most = min(batch.configuration.timeout_per_job, tariff.most_seconds)
    own = usage(tariff, machine=envelope.machine, seconds=envelope.seconds, most_seconds=most)
    return (*earlier, own)


def _send_round(again: Again, runs: tuple[Usage, ...], *, ledger: Ledger, bus: Bus) -> None:
    ledger.note_failure(again.failed, again.failure, due_at=again.due_at, runs=runs)
    ATTEMPTS_RETRIED.add(again.failure.kind.value)
    note(retried=again.failure.kind.value)
    bus.publish([JobQueued(ref=again.next, not_before=again.due_at)])


def _verified(envelope: Envelope, blobs: Blobs) -> Envelope:
    """The envelope, or the failure that its artefacts are not what it says."""
    problems = {
        file.name: problem for file in envelope.artefacts if (problem := _problem(file, envelope.ref, blobs))
    }
    if not problems:
        return envelope
    if envelope.status == "failed":  # its log: what cannot be vouched for is not listed
        kept = tuple(file for file in envelope.artefacts if file.name not in problems)
        return envelope.model_copy(update={"artefacts": kept})
    failure = Failure(kind=FailureClass.INFRASTRUCTURE, message="; ".join(problems.values()))
    return envelope.model_copy(
        update={"status": "failed", "failure": failure, "metrics": {}, "artefacts": ()}
    )


def _problem(file: Artefact, ref: JobRef, blobs: Blobs) -> str | None:
    if file.key != job_key(ref, file.name):
        return f"{file.name} was stored elsewhere"
    try:
        stat = blobs.stat(file.key)
    except InvalidInput:
        return f"{file.name[:100]!r} is no name of a file"
    except NotFound:
        return f"{file.name} is missing from the object store"
    if (stat.size, stat.sha256) != (file.size, file.sha256):
        return f"{file.name} is not what was uploaded"
    return None
