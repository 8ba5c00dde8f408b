"""Statuses and the accounting sentence, derived from the facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from shared.domain.tree import Tree, leaf_count
from shared.models.base import Frozen
from shared.models.batch import Batch, BatchStatus, JobStatus
from shared.models.facts import Attempt, Closing, Intents, Leaf, Outcome, OutcomeKind, Round

ENDS = tuple(kind.value for kind in OutcomeKind)


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


def first_round(batch: Batch) -> Round:
    """Round 0: every job of the library."""
    return Round(
        batch_id=batch.batch_id,
        number=0,
        jobs=batch.counts.jobs,
        rows=batch.counts.valid,
        leaves=batch.leaves,
        window=batch.window,
        opened_at=batch.created_at,
    )


def next_round(batch: Batch, number: int, *, jobs: int, rows: int, now: datetime) -> Round:
    """The round of ``jobs`` failed ligands, which stand for ``rows`` rows, under the batch's window."""
    window = min(batch.window, jobs)
    return Round(
        batch_id=batch.batch_id,
        number=number,
        jobs=jobs,
        rows=rows,
        leaves=leaf_count(jobs, window),
        window=window,
        opened_at=now,
    )


def tree_of(round: Round) -> Tree:
    """The counting tree of a round."""
    return Tree(jobs=round.jobs, leaves=round.leaves, window=round.window)


@dataclass(frozen=True)
class Tally:
    """The leaves of a round, and how many of its attempts stand without an outcome."""

    round: Round
    leaves: Sequence[Leaf]
    in_flight: int = 0

    def rows(self, kind: str) -> int:
        """Rows of the library that ended so in this round."""
        return sum(map(attrgetter(kind), self.leaves))


def account(batch: Batch, tallies: Sequence[Tally]) -> Accounting:
    """
    The accounting of a batch from all its rounds, first to last.

    A row that is computed again was counted as failed in the round before, and no longer is. A row
    that repeats an open ligand is pending until that ligand has its outcome.
    """
    last = tallies[-1]
    done, released = last.rows("n"), _released(last)
    running = min(last.in_flight, released - done)
    queued = released - done - running
    ended = [{kind: tally.rows(kind) for kind in ENDS} for tally in tallies]
    settled = sum(ended[-1].values())
    again = sum(tally.round.rows for tally in tallies[1:])
    return Accounting(
        submitted=batch.counts.submitted,
        completed=sum(it["completed"] for it in ended),
        failed=sum(it["failed"] for it in ended) - again,
        cancelled=sum(it["cancelled"] for it in ended),
        invalid=batch.counts.invalid,
        filtered=batch.counts.filtered,
        pending=last.round.rows - settled - queued - running,
        queued=queued,
        running=running,
    )


def _released(tally: Tally) -> int:
    tree = tree_of(tally.round)
    return sum(tree.released_count(leaf.k, leaf.n) for leaf in tally.leaves)


def latest(outcomes: Sequence[Outcome | None]) -> tuple[int, Outcome | None]:
    """
    The round in which a job stands, and its outcome there, from its outcomes in each round.

    A failed job is computed again in the next round, if there is one.
    """
    for number, outcome in enumerate(outcomes[:-1]):
        if outcome is None or outcome.kind is not OutcomeKind.FAILED:
            return number, outcome
    return len(outcomes) - 1, outcomes[-1]


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
