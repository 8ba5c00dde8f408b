"""What the routes of completion answer with; see ``answers``. Spans in seconds, shares in per cent."""

from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from services.api.answers import ListedBatch
from shared.models.base import Frozen

Health = Literal["healthy", "degraded", "unhealthy", "unknown"]


class Counted(Frozen):
    """Rows by state; ``percentage`` is of those that have their final word, 100 only when all have."""

    total_jobs: int
    completed_jobs: int
    failed_jobs: int
    running_jobs: int
    percentage: float
    estimated_completion_seconds: float | None
    last_updated: datetime


class CountedOfActive(Counted):
    """The same; the time left under its other name, too."""

    estimated_completion: float | None


class Reached(Frozen):
    """Thresholds in per cent."""

    available: list[int]
    reached: list[int]
    next_milestone: int | None


class Speed(Frozen):
    """Null before the first ligand."""

    jobs_per_minute: float | None
    success_rate: float | None


class ProgressOfBatch(Frozen):
    """How far a batch is."""

    batch_id: str
    progress: Counted
    milestones: Reached
    status: Literal["completed", "in_progress"]
    performance: Speed


class Threshold(Frozen):
    """A milestone; ``current``: it is passed, and the record of it is still to come."""

    threshold: int
    status: Literal["reached", "current", "pending"]
    description: str
    reached_at: datetime | None


class MilestoneCount(Frozen):
    """How many there are."""

    total_milestones: int
    reached_milestones: int
    remaining_milestones: int


class MilestonesOfBatch(Frozen):
    """All milestones of a batch, lowest first."""

    batch_id: str
    current_percentage: float
    milestones: list[Threshold]
    next_milestone: int | None
    milestone_summary: MilestoneCount


class CompletionStatus(Frozen):
    """The newest batches that are not finished; ``has_more``: there are older ones."""

    system: str
    active_batches: int
    has_more: bool
    active_batch_ids: list[str]
    batch_progress: dict[str, CountedOfActive]
    registered_callbacks: None
    milestone_thresholds: list[int]
    features: list[str]


class ActiveBatch(Frozen):
    """A batch that is not finished."""

    batch_id: str
    status: str
    total_jobs: int
    completed_jobs: int
    percentage: float
    last_updated: datetime


class ActiveWindow(Frozen):
    """``next_after``, given as ``after``, leads to the next page."""

    limit: int
    has_more: bool
    next_after: str | None


class ActiveBatches(Frozen):
    """A page of them; ``total_active_batches`` is null unless this page holds all."""

    total_active_batches: int | None
    batches: list[ActiveBatch]
    pagination: ActiveWindow
    system_health: Health
    monitoring_features: list[str]


class ActiveStatistics(Frozen):
    """Over the newest active batches."""

    active_batches: int
    total_jobs_monitored: int
    completed_jobs: int
    failed_jobs: int
    success_rate: float | None
    has_more: bool


class SystemHealth(Frozen):
    """How completion works now, by what is measured."""

    system: str
    status: Health
    statistics: ActiveStatistics
    performance: dict[str, JsonValue]
    features: dict[str, JsonValue]


class Refreshed(Frozen):
    """What was found stuck and done again, with the counts after it."""

    message: str
    progress: Counted
    mended: list[str]
    updated_batch: ListedBatch
    note: str


class Simulated(Frozen):
    """What was made up."""

    message: str
    mock_result: dict[str, JsonValue]
    note: str
