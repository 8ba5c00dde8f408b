"""
How an old job ended: pure.

The stored result decides, not the status: "completed" is believed only with figures, and a status that
is missing is none. A failure or a cancellation that was written down stays one.
"""

from dataclasses import dataclass

from migration.evidence import Evidence
from migration.records import Record
from migration.spelling import OldStatus
from migration.verdicts import Verdict
from shared.models.facts import OutcomeKind
from shared.models.work import Failure, FailureClass

LONGEST_MESSAGE = 2000
SHOWN = 200
NO_RESULT = "marked completed in the old system, but no result was stored"


@dataclass(frozen=True)
class Ended:
    """How a job ended; ``verdict`` and ``reason`` are what the report says of its document."""

    kind: OutcomeKind
    failure: Failure | None
    verdict: Verdict
    reason: str


def end(record: Record, evidence: Evidence) -> Ended:
    """How a job ended, from its document and its stored result."""
    if record.status is OldStatus.CANCELLED:
        return _cancelled("cancelled in the old system")
    if record.status is OldStatus.FAILED:
        said = record.error or evidence.failure or "failed in the old system, which did not say why"
        stray = "; figures are stored all the same, and were not imported" if evidence.is_result else ""
        return _failed(said, note=stray)
    if evidence.problem is not None:
        said = f"the stored result cannot be read: {evidence.problem}"
        return _failed(said, FailureClass.INFRASTRUCTURE, Verdict.ERROR)
    if evidence.failure is not None:
        return _failed(evidence.failure, note=f"; {status_of(record)}")
    if evidence.is_result:
        agrees = record.status is OldStatus.COMPLETED
        said = "completed" if agrees else f"completed: a result is stored; {status_of(record)}"
        return Ended(OutcomeKind.COMPLETED, None, Verdict.MIGRATED, said)
    if record.status is OldStatus.COMPLETED:
        return _failed(NO_RESULT, FailureClass.INFRASTRUCTURE)
    return _cancelled(f"{status_of(record)} when it was exported, and no result is stored")


def failure_class(message: str) -> FailureClass:
    """The class of a failure by its words; ``model_error`` where they name no other cause."""
    words = message.lower()
    if "out of memory" in words or "oom" in words.split():
        return FailureClass.OUT_OF_MEMORY
    if "timeout" in words or "timed out" in words:
        return FailureClass.TIMEOUT
    return FailureClass.MODEL_ERROR


def _failed(
    message: str, kind: FailureClass | None = None, verdict: Verdict = Verdict.MIGRATED, note: str = ""
) -> Ended:
    message = message[:LONGEST_MESSAGE]
    failure = Failure(kind=kind or failure_class(message), message=message)
    return Ended(OutcomeKind.FAILED, failure, verdict, f"failed: {message[:SHOWN]}{note}")


def _cancelled(reason: str) -> Ended:
    failure = Failure(kind=FailureClass.CANCELLED, message=reason)
    return Ended(OutcomeKind.CANCELLED, failure, Verdict.MIGRATED, f"cancelled: {reason}")


def status_of(record: Record) -> str:
    """What the document says of its status, for the report."""
    return f"its status was {'missing' if record.said is None else repr(record.said[:40])}"
