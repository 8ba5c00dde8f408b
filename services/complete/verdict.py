"""What an attempt's answer means: an outcome, or another try. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.models.costs import Usage
from shared.models.facts import Outcome, OutcomeKind
from shared.models.work import Envelope, Failure, FailureClass, JobRef

LONGEST_BACKOFF = timedelta(minutes=10)


@dataclass(frozen=True)
class Final:
    """The ligand has its last word."""


@dataclass(frozen=True)
class Again:
    """Attempt ``failed`` gave nothing; ``next`` is due at ``due_at``."""

    failed: JobRef
    failure: Failure
    next: JobRef
    due_at: datetime


def verdict(
    envelope: Envelope, *, most_attempts: int, first_backoff: timedelta, now: datetime
) -> Final | Again:
    """Another try for a failure that may pass, while attempts are left; its backoff doubles each time."""
    failure, ref = envelope.failure, envelope.ref
    if failure is None or not failure.may_be_retried or ref.attempt >= most_attempts:
        return Final()
    wait = min(first_backoff * 2 ** (ref.attempt - 1), LONGEST_BACKOFF)
    return Again(ref, failure, ref.model_copy(update={"attempt": ref.attempt + 1}), now + wait)


def outcome_of(envelope: Envelope, *, copies: int, test_model: bool, runs: tuple[Usage, ...] = ()) -> Outcome:
    """
    The terminal fact that an envelope stands for; of a test model, failures say so too.

    For a result that was taken from an earlier run nothing was started here.
    """
    return Outcome(
        ref=envelope.ref,
        kind=_kind(envelope.failure),
        copies=copies,
        failure=envelope.failure,
        metrics=envelope.metrics,
        artefacts=envelope.artefacts,
        seed=envelope.seed,
        versions=envelope.versions,
        test_model=test_model or envelope.test_model,
        machine=envelope.machine,
        call_id=envelope.call_id,
        runs=runs,
        cached=envelope.cached,
        started_at=envelope.started_at if envelope.cached is None else None,
        finished_at=envelope.finished_at,
    )


def _kind(failure: Failure | None) -> OutcomeKind:
    if failure is None:
        return OutcomeKind.COMPLETED
    return OutcomeKind.CANCELLED if failure.kind is FailureClass.CANCELLED else OutcomeKind.FAILED
