"""Attempts that are due: their messages again, or a question to the engine."""

from services.reconcile.staleness import Remedy, remedy
from services.reconcile.world import Finding, World
from shared import tracing
from shared.errors import NotFound
from shared.events.messages import JobFinished, JobQueued
from shared.models.facts import Attempt
from shared.models.work import Envelope, Failure, FailureClass
from shared.ports.engine import Answered, CallState, Died, Pending

PAGE = 500


def overdue(world: World, only: str | None) -> list[Finding]:
    """Help every attempt that is due; at most a page per call, the longest overdue first."""
    due = world.ledger.overdue(world.now(), limit=PAGE, batch_id=only)
    return [finding for attempt in due if (finding := _help(world, attempt))]


def _help(world: World, attempt: Attempt) -> Finding | None:
    try:
        sight = world.ledger.look(attempt.ref)
    except NotFound:
        world.ledger.postpone(attempt.ref, None)
        return None
    tracing.follow(sight.batch.trace, sight.batch.counts.jobs)
    if sight.outcome is not None:
        world.ledger.postpone(attempt.ref, None)
        return None
    if sight.intents.paused and attempt.call_id is None:
        world.ledger.postpone(attempt.ref, world.now() + world.patience.quiet)
        return None
    match remedy(attempt, most_claims=world.patience.most_claims):
        case Remedy.NEXT_ATTEMPT:
            following = attempt.ref.model_copy(update={"attempt": attempt.ref.attempt + 1})
            return _publish(world, attempt, JobQueued(ref=following), "the retry was not started")
        case Remedy.CLAIM_AGAIN:
            return _publish(world, attempt, JobQueued(ref=attempt.ref), "claimed, but no run was noted")
        case Remedy.GIVE_UP_CLAIMING:
            reason = f"claimed {attempt.claims} times without a run"
            return _finish(world, attempt, FailureClass.INFRASTRUCTURE, reason)
        case Remedy.ASK_THE_ENGINE:
            return _ask(world, attempt)


def _ask(world: World, attempt: Attempt) -> Finding | None:
    assert attempt.call_id is not None, "only noted calls are asked after"
    assert attempt.deadline is not None, "a noted call has a deadline"
    call_id, overtime = attempt.call_id, world.now() >= attempt.deadline
    state = world.engine_answers(lambda: _state(world, call_id, overtime))
    match state:
        case None:
            world.ledger.postpone(attempt.ref, world.now() + world.patience.quiet)
            return None
        case Answered(envelope):
            return _publish(
                world, attempt, JobFinished(envelope=envelope), "the run ended, its webhook did not come"
            )
        case Died(failure):
            return _finish(world, attempt, failure.kind, failure.message)
        case Pending() if overtime:
            return _finish(world, attempt, FailureClass.TIMEOUT, "the run gave no answer by its deadline")
        case Pending():
            world.ledger.postpone(attempt.ref, world.now() + world.patience.poll)
            return None


def _state(world: World, call_id: str, overtime: bool) -> CallState:
    """How the call stands; one that is pending after its deadline is cancelled before anybody says so."""
    state = world.engine.poll(call_id)
    if isinstance(state, Pending) and overtime:
        world.engine.cancel(call_id)
    return state


def _finish(world: World, attempt: Attempt, kind: FailureClass, reason: str) -> Finding:
    envelope = Envelope(
        ref=attempt.ref,
        call_id=attempt.call_id,
        status="failed",
        failure=Failure(kind=kind, message=reason),
        started_at=attempt.claimed_at,
        finished_at=world.now(),
    )
    return _publish(world, attempt, JobFinished(envelope=envelope), reason)


def _publish(world: World, attempt: Attempt, event: JobQueued | JobFinished, reason: str) -> Finding:
    world.bus.publish([event])
    # After the publish: if we die in between, the attempt is still due.
    world.ledger.postpone(attempt.ref, world.now() + world.patience.quiet)
    return Finding(
        batch_id=attempt.ref.batch_id,
        job_id=attempt.ref.job_id,
        reason=reason,
        action=f"published {event.topic} again",
    )
