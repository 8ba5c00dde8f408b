"""The facts a running batch leaves behind: attempts, outcomes, tree nodes, closings."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue

from shared.models.base import Frozen, Instant
from shared.models.work import Artefact, Failure, JobRef, MetricValue


class OutcomeKind(StrEnum):
    """The three ways a computed ligand ends."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Outcome(Frozen):
    """
    The terminal fact of a ligand in one round. The first one stored wins; nothing replaces it.

    ``copies``: how many rows of the library hold this ligand; the counters count rows.
    """

    ref: JobRef
    kind: OutcomeKind
    copies: Annotated[int, Field(ge=1)] = 1
    failure: Failure | None = None
    metrics: Mapping[str, MetricValue] = {}
    artefacts: tuple[Artefact, ...] = ()
    seed: int | None = None
    versions: Mapping[str, str] = {}
    test_model: bool = False
    machine: str | None = None
    call_id: str | None = None
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
    was taken. ``due_at`` is when ``reconcile`` looks at it next; None once there is an outcome.
    """

    ref: JobRef
    claims: int
    claimed_at: Instant
    lease_until: Instant
    call_id: str | None = None
    deadline: Instant | None = None
    failure: Failure | None = None
    due_at: Instant | None


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


class Intents(Frozen):
    """
    What the user asked for since: these do change.

    ``round`` is the latest one opened, ``retry`` the latest one asked for.
    """

    paused: bool = False
    cancelled_at: Instant | None = None
    round: int = 0
    retry: int = 0


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
