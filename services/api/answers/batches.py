"""What the routes of a batch beside its status and results answer with; see ``answers``."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, JsonValue

from services.api.answers import PageOfBatch
from services.api.answers.paging import OnePage
from shared.models.base import Frozen


class ColumnPage(PageOfBatch):
    """The same rows by column; all arrays are as long as the page has rows."""

    columns: dict[str, list[Any]]


class EnhancedPage(Frozen):
    """Rows, best first, with their links; ``ligand_ranking`` holds the best ten of all."""

    batch_id: str
    batch_type: str
    model: str
    created_at: datetime
    total_ligands_screened: int
    successful_predictions: int
    batch_statistics: dict[str, JsonValue]
    ranking: dict[str, JsonValue]
    individual_results: list[dict[str, Any]]
    ligand_ranking: list[dict[str, JsonValue]] | None
    pagination: OnePage
    partial: bool
    data_source: Literal["artefacts", "outcomes"]
    test_model: bool


class Sampled(Frozen):
    """How many outcomes the figures of single runs are from; ``sampled``: not from all."""

    sampled: bool
    outcomes: int


class Children(Frozen):
    """Times of completed runs in seconds, variance in s², rates in per cent; null where nothing is known."""

    avg_execution_time: float | None
    fastest_execution: float | None
    slowest_execution: float | None
    performance_variance: float | None
    current_success_rate: float | None
    failure_rate: float | None
    concurrent_executions: float | None


class Intelligence(Frozen):
    """How the batch goes."""

    status: str
    progress: dict[str, JsonValue]
    batch_health: Literal["excellent", "healthy", "concerning", "unhealthy", "unknown"]
    completion_trend: Literal["accelerating", "steady", "decelerating", "insufficient_data"]
    estimated_completion_seconds: float | None
    children: Children


class Performance(Frozen):
    """Seconds, s², and ligands per hour."""

    average_execution_time: float | None
    fastest_job: float | None
    slowest_job: float | None
    execution_variance: float | None
    throughput: float | None


class Assessment(Frozen):
    """What might be done; ``predicted_improvements`` is null, as nothing measured tells them."""

    optimization_recommendations: list[str]
    performance_assessment: Literal["outstanding", "excellent", "good", "fair", "poor", "unknown"]
    resource_efficiency: float | None
    risk_score: float
    predicted_improvements: None


class Analytics(Frozen):
    """How a batch performs."""

    batch_id: str
    analysis_timestamp: datetime
    sample: Sampled
    batch_intelligence: Intelligence
    performance: Performance | None
    ai_insights: Assessment | None


class Controlled(Frozen):
    """What was asked for is written down; ``round`` is the one that ``retry_failed`` opens."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "success": True,
                "batch_id": "batch_5f0c6c1de7b94f0e8a4d2b11",
                "action": "pause",
                "timestamp": "2026-01-01T12:00:00+00:00",
                "message": "paused; what runs goes on to its end, and nothing else is started",
            }
        }
    )

    success: Literal[True]
    batch_id: str
    action: Literal["pause", "resume", "cancel", "retry_failed"]
    timestamp: datetime
    message: str
    round: int | None = None


class Deleted(Frozen):
    """It is hidden from now on; its files and records follow."""

    success: Literal[True]
    batch_id: str
    deleted_jobs: int
    timestamp: datetime
    message: str
