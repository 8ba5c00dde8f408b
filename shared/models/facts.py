"""The facts a running batch leaves behind: attempts, outcomes, tree nodes, closings."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, JsonValue

from shared.models.base import Frozen, Instant
from shared.models.costs import Spent, Usage
from shared.models.work import Artefact, Failure, JobRef, MetricValue, Origin, absent


class OutcomeKind(StrEnum):
    """The three ways a computed ligand ends."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Outcome(Frozen):
    """
    The terminal fact of a ligand in one round. The first one stored wins; nothing replaces it.

    ``copies``: how many rows of the library hold this ligand; the counters count rows. ``runs`` are all
    that were made for it at a provider that asks a price, those of failed attempts included.
    ``cached``: it was not computed but taken from where it had been.
    """

    ref: JobRef
    kind: OutcomeKind
    copies: Annotated[int, Field(ge=1)] = 1
    failure: Failure | None = None
    metrics: Mapping[str, MetricValue] = Field(default_factory=dict)
    artefacts: tuple[Artefact, ...] = ()
    seed: int | None = None
    versions: Mapping[str, str] = Field(default_factory=dict)
    test_model: bool = False
    machine: str | None = None
    call_id: str | None = None
    runs: tuple[Usage, ...] = ()
    cached: Annotated[Origin | None, Field(exclude_if=absent)] = None
    started_at: Instant | None = None
    finished_at: Instant

    @property
    def seconds(self) -> float | None:
        """Wall time of the deciding run in seconds; None where nothing ran."""
        return (self.finished_at - self.started_at).total_seconds() if self.started_at else None


class Round(Frozen):
    """
    A pass over jobs of a batch with a counting tree of its own.

    Round 0 is that of the library; a later one holds the ``jobs`` that failed in the round before it,
    which stand for ``rows`` rows of the library.
    """

    batch_id: str
    number: Annotated[int, Field(ge=0)]
    jobs: Annotated[int, Field(ge=1)]
    rows: Annotated[int, Field(ge=1)]
    leaves: Annotated[int, Field(ge=1)]
    window: Annotated[int, Field(ge=1)]
    opened_at: Instant


class Attempt(Frozen):
    """
    One try at a ligand, from claim to call.

    ``lease_until`` protects the time between claim and spawn; ``claims`` counts how often the lease
    was taken. ``runs`` are those of the failed attempts up to this one. ``due_at`` is when ``reconcile``
    looks at it next; None once there is an outcome.
    """

    ref: JobRef
    claims: int
    claimed_at: Instant
    lease_until: Instant
    call_id: str | None = None
    deadline: Instant | None = None
    failure: Failure | None = None
    runs: tuple[Usage, ...] = ()
    due_at: Instant | None


class Experience(Frozen):
    """
    What the runs of a round have shown: counters, which only grow.

    ``ran`` runs completed in ``busy_seconds`` altogether; ``troubles`` attempts were lost to
    infrastructure, memory or time, which says something of the pool and nothing of the ligand.
    """

    ran: int = 0
    busy_seconds: float = 0.0
    troubles: int = 0

    @property
    def ended(self) -> int:
        """Attempts that say something of the pool."""
        return self.ran + self.troubles

    @property
    def run_seconds(self) -> float | None:
        """The mean time of a completed run."""
        return self.busy_seconds / self.ran if self.ran else None

    @property
    def trouble_share(self) -> float:
        """Between 0 and 1."""
        return self.troubles / self.ended if self.ended else 0.0

    def since(self, earlier: Self) -> Self:
        """What was added to ``earlier``."""
        return self.model_copy(
            update={
                "ran": self.ran - earlier.ran,
                "busy_seconds": self.busy_seconds - earlier.busy_seconds,
                "troubles": self.troubles - earlier.troubles,
            }
        )


class Leaf(Frozen):
    """
    A leaf of the counting tree: ``n`` jobs have an outcome. ``moved_at``: its last change.

    By kind it counts rows of the library, of which a job may have several.
    """

    round: int
    k: int
    n: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    experience: Experience = Experience()
    spent: Spent = Spent()
    moved_at: Instant
    nudged_at: Instant | None = None


class Node(Frozen):
    """A node of the counting tree at any level; level 0 holds the leaves."""

    level: int
    k: int
    n: int


class Settled(Frozen):
    """What a settle did: how many outcomes it created, and the leaf's counter of jobs after the commit."""

    created: Annotated[int, Field(ge=0)]
    n: Annotated[int, Field(ge=0)]


class Pace(Frozen):
    """
    The brake on a batch: at most ``limit`` jobs in flight; None as long as there is none.

    ``until``: no place of ``round`` behind this one is begun, as the money would not do; None: all may be.
    ``spent_out`` says that ``max_cost_usd`` has ended the batch.
    ``reason`` is what was seen when it was set, ``run_seconds`` the mean time of a run by then, and
    ``judged`` what the runs of ``round`` had shown; see ``domain.pacing``.
    """

    limit: Annotated[int, Field(ge=1)] | None
    reason: str
    run_seconds: float
    round: int = 0
    judged: Experience = Experience()
    judged_at: Instant
    until: Annotated[int, Field(ge=-1)] | None = None
    spent_out: str | None = None


class Line(Frozen):
    """
    How the jobs of a round stand in line.

    ``in_flight`` have an attempt and no outcome; ``last`` is the highest place of the round that ever
    had an attempt, -1 if none; ``holds``: the job that was asked after has had one.
    """

    in_flight: int
    last: int
    holds: bool


class Intents(Frozen):
    """
    What is wanted of a batch since: by its owner, and by the brake. These do change.

    ``round`` is the latest one opened, ``retry`` the latest one asked for.
    """

    paused: bool = False
    cancelled_at: Instant | None = None
    round: int = 0
    retry: int = 0
    pace: Pace | None = None

    @property
    def limit(self) -> int | None:
        """How many jobs may be in flight; None: as many as the window holds."""
        return self.pace.limit if self.pace else None

    def until(self, round: int) -> int | None:
        """The last place of a round that the money allows to begin; None: it allows all."""
        return self.pace.until if self.pace is not None and self.pace.round == round else None

    @property
    def braked(self) -> bool:
        """Whether something other than the window says how many jobs may be in flight."""
        return self.pace is not None and (self.pace.limit is not None or self.pace.until is not None)


class Closing(Frozen):
    """The one fact that a round is full, when it was last announced, and how aggregation stands."""

    round: int
    closed_at: Instant
    announced_at: Instant | None = None
    fence: int = 0
    lease_until: Instant | None = None
    finished_at: Instant | None = None
    status: str | None = None
    summary: Mapping[str, JsonValue] = {}
    artefacts: tuple[Artefact, ...] = ()


class Milestone(Frozen):
    """``threshold`` per cent of the submitted rows had their final word; ``round``: when it was seen."""

    threshold: Annotated[int, Field(ge=1, le=100)]
    round: Annotated[int, Field(ge=0)]
    reached_at: Instant
