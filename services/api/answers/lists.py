"""What lists of results and jobs answer with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, JsonValue

from shared.models.base import Frozen
from shared.models.batch import BatchStatus

KindOfJob = Literal["individual", "batch_parent", "batch_child"]


def told(answer: type[BaseModel], example: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """How a route says what it answers with, and what that looks like."""
    content = {"content": {"application/json": {"example": example}}} if example else {}
    return {"responses": {200: {"model": answer, **content}}}


class Rows(Frozen):
    """Where the rows of a batch are; the rate is of those that ran, in per cent, null before the first."""

    total_jobs: int
    completed_jobs: int
    failed_jobs: int
    running_jobs: int
    pending_jobs: int
    success_rate: float | None


class Inputs(Frozen):
    """What was asked, in short."""

    protein_name: str
    total_ligands: int
    model_version: str
    seed: int | None


class Best(Frozen):
    """The best of a finished batch; null where its model predicts none. The time of all runs in seconds."""

    best_affinity: float | None
    mean_affinity: float | None
    highest_confidence: float | None
    top: list[dict[str, Any]]
    execution_time: float | None


class ListedResult(Frozen):
    """
    An entry: a batch, or a single prediction, which is a batch of one.

    ``id`` and ``job_id`` are the id of the one job of a single prediction, else of the batch.
    """

    id: str
    job_id: str
    batch_id: str
    job_type: KindOfJob
    task_type: str
    job_name: str
    status: BatchStatus
    created_at: datetime
    completed_at: datetime | None
    user_id: str
    model_name: str
    test_model: bool
    progress: Rows
    inputs: Inputs
    results: Best | None


class Timing(Frozen):
    """How long this answer took, measured here; the rest says how it was made."""

    response_time_seconds: float
    cache_hit: bool
    cache_status: str
    strategy: str
    optimization_strategy: str
    endpoint: str


class ResultList(Frozen):
    """A page of results; ``total`` is null where it is not known. Behind ``next_after`` the list goes on."""

    results: list[ListedResult]
    total: int | None
    source: str
    page: int
    limit: int
    has_more: bool
    next_after: str | None
    cache_status: str
    performance: Timing


class ListedJob(Frozen):
    """An entry of a list of jobs; ``duration`` in seconds, ``batch_info`` null for a single prediction."""

    id: str
    batch_id: str
    name: str
    job_type: KindOfJob
    task_type: str
    status: BatchStatus
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    duration: float | None
    model_name: str
    protein_name: str
    user_id: str
    can_view: bool
    has_results: bool
    batch_info: Rows | None


class Numbered(Frozen):
    """The place of a page; totals are null where the end of the list was not seen."""

    page: int
    per_page: int
    total: int | None
    total_pages: int | None
    has_more: bool
    next_after: str | None
    looked_at: int | None


class Sums(Frozen):
    """Sums over entries; the rate in per cent, the mean time in seconds, ``recent_activity`` of a week."""

    by_status: dict[str, int]
    by_job_type: dict[str, int]
    by_task_type: dict[str, int]
    by_model: dict[str, int]
    recent_activity: int
    rows: dict[str, int]
    success_rate: float | None
    avg_completion_time: float | None


class JobPage(Frozen):
    """A page of jobs; ``statistics`` are of this page."""

    jobs: list[ListedJob]
    pagination: Numbered
    statistics: Sums


class Found(Frozen):
    """What a search found among the ``looked_at`` newest; all that there is, where it is ``complete``."""

    query: str
    results: list[ListedResult]
    total: int | None
    looked_at: int
    complete: bool
    next_after: str | None


class ResultStatistics(Sums):
    """Of the ``counted`` newest, which are all where it is ``complete``."""

    total_jobs: int | None
    counted: int
    complete: bool
    cache_info: JsonValue


class UserSummary(Sums):
    """Of the ``counted`` newest batches, which are all where it is ``complete``."""

    user_id: str
    total_batches: int | None
    counted: int
    complete: bool


class StatusList(Frozen):
    """Results in one state; ``count`` is that of this page."""

    status: BatchStatus
    results: list[ListedResult]
    count: int
    pagination: Numbered


class Place(Frozen):
    """The place of a page of ``my-results``."""

    page: int
    per_page: int
    total_results: int | None
    total_pages: int | None
    has_next: bool
    has_prev: bool
    next_after: str | None


class MyResults(Frozen):
    """A page of results, and the filters that were applied to it."""

    results: list[ListedResult]
    total: int | None
    pagination: Place
    filters_applied: dict[str, JsonValue]
    looked_at: int | None
