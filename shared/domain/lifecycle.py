"""Statuses and the accounting sentence, derived from the facts."""

from collections.abc import Iterable

from shared.domain.identity import job_id
from shared.domain.tree import Tree
from shared.errors import Malformed
from shared.models.base import Frozen
from shared.models.batch import Batch, BatchStatus, JobStatus
from shared.models.facts import Attempt, Closing, Intents, Leaf, Outcome
from shared.models.work import JobRef


class Accounting(Frozen):
    """
    Where every submitted row is.

    The sentence we own: ``submitted = completed + failed + invalid + filtered + cancelled`` when
    closed, plus ``pending + queued + running`` while open.
    """

    submitted: int
    completed: int
    failed: int
    invalid: int
    filtered: int
    cancelled: int
    pending: int = 0
    queued: int = 0
    running: int = 0

    @property
    def settled(self) -> int:
        """Rows that have their final word."""
        return self.completed + self.failed + self.invalid + self.filtered + self.cancelled

    @property
    def open(self) -> int:
        """Rows still to come."""
        return self.pending + self.queued + self.running

    @property
    def holds(self) -> bool:
        """Whether the sentence is true and nothing is negative."""
        return self.submitted == self.settled + self.open and min(self.model_dump().values()) >= 0

    def sentence(self) -> str:
        """The accounting line as a user reads it."""
        parts = [
            f"{value} {kind}"
            for kind in ("completed", "failed", "invalid", "filtered", "cancelled")
            for value in [getattr(self, kind)]
        ]
        parts += [f"{n} {kind}" for kind in ("pending", "queued", "running") if (n := getattr(self, kind))]
        return f"submitted {self.submitted} {'=' if self.holds else '≠'} {' + '.join(parts)}"


def tree_of(batch: Batch) -> Tree:
    """The counting tree of round 0."""
    return Tree(jobs=batch.counts.valid, leaves=batch.leaves, window=batch.window)


def check_reference(batch: Batch, ref: JobRef) -> None:
    """Raise Malformed if the batch has no such job: a message that names one is a bug, and leaves no fact."""
    known = ref.round == 0 and ref.position < tree_of(batch).jobs
    if not known or ref.job_id != job_id(ref.batch_id, ref.position):
        raise Malformed(f"batch {ref.batch_id} has no job {ref.job_id} at position {ref.position}")


def account(batch: Batch, leaves: Iterable[Leaf], in_flight: int) -> Accounting:
    """The accounting of a batch from its leaves; ``in_flight`` attempts stand without an outcome."""
    tree, leaves = tree_of(batch), list(leaves)
    done = sum(leaf.n for leaf in leaves)
    released = sum(len(tree.released(leaf.k, leaf.n)) for leaf in leaves)
    running = min(in_flight, released - done)
    return Accounting(
        submitted=batch.counts.submitted,
        completed=sum(leaf.completed for leaf in leaves),
        failed=sum(leaf.failed for leaf in leaves),
        cancelled=sum(leaf.cancelled for leaf in leaves),
        invalid=batch.counts.invalid,
        filtered=batch.counts.filtered,
        pending=batch.counts.valid - released,
        queued=released - done - running,
        running=running,
    )


def batch_status(accounting: Accounting, intents: Intents, closing: Closing | None) -> BatchStatus:
    """pending → running ⇄ paused → aggregating → completed | failed | cancelled."""
    if closing is not None:
        return BatchStatus(closing.status) if closing.status else BatchStatus.AGGREGATING
    if intents.paused:
        return BatchStatus.PAUSED
    begun = accounting.running + accounting.completed + accounting.failed + accounting.cancelled
    return BatchStatus.RUNNING if begun else BatchStatus.PENDING


def final_status(accounting: Accounting, intents: Intents) -> BatchStatus:
    """How a full batch ends: some failures are still ``completed``; none succeeded is ``failed``."""
    if intents.cancelled_at is not None and accounting.cancelled:
        return BatchStatus.CANCELLED
    return BatchStatus.COMPLETED if accounting.completed else BatchStatus.FAILED


def job_status(outcome: Outcome | None, attempt: Attempt | None, released: bool) -> JobStatus:
    """outcome → its kind; an attempt → running; released → queued; otherwise pending."""
    if outcome is not None:
        return JobStatus(outcome.kind.value)
    if attempt is not None:
        return JobStatus.RUNNING
    return JobStatus.QUEUED if released else JobStatus.PENDING
