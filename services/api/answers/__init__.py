"""
What routes answer with, for the OpenAPI document.

The routes build their answers as plain values: to have each one checked again on its way out would cost
more than the rest of a request. That they agree with these classes, the tests check.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, JsonValue

from services.api.answers.paging import OnePage, SiftedPage
from shared.domain.lifecycle import Accounting
from shared.models.base import Frozen
from shared.models.batch import BatchStatus

Status = Literal["pending", "queued", "running", "completed", "failed", "cancelled"]


class ListedBatch(Frozen):
    """A batch in a list; ``accounting`` says where each of its rows is."""

    id: str
    batch_id: str
    name: str
    status: BatchStatus
    created_at: datetime
    model_name: str
    protein_name: str
    total_jobs: int
    completed_jobs: int
    failed_jobs: int
    running_jobs: int
    accounting: Accounting
    user_id: str
    test_model: bool
    imported: bool
    inputs: dict[str, JsonValue]
    results: str | None


class Window(Frozen):
    """
    Where a page of batches begins; ``total`` is null while it is not known.

    ``next_after`` is where the next page begins, by the batch before it; null at the end.
    """

    limit: int
    offset: int
    total: int | None
    has_more: bool
    next_offset: int | None
    next_after: str | None


class BatchList(Frozen):
    """Batches, newest first; ``statistics`` are of this page."""

    batches: list[ListedBatch]
    pagination: Window
    statistics: dict[str, JsonValue]


class JobState(Frozen):
    """A job among those of its batch."""

    job_id: str
    name: str
    status: Status
    ligand_name: str
    ligand_smiles: str | None
    kind: str
    item: dict[str, JsonValue]
    copies: int
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    error_message: str | None
    results_available: bool
    round: int
    attempt: int | None


class File(Frozen):
    """A file that a job left."""

    name: str
    key: str
    size: int
    sha256: str


class Job(JobState):
    """A job by itself; ``results`` is its row, null before its end."""

    id: str
    job_type: str
    task_type: str
    batch_parent_id: str
    batch_index: int
    model_name: str
    results: dict[str, Any] | None
    files: list[File]


class Progress(Frozen):
    """Counts of rows; percentages of 0 to 100, null where nothing can be said yet."""

    total: int
    completed: int
    failed: int
    running: int
    pending: int
    cancelled: int
    invalid: int
    filtered: int
    progress_percentage: float
    success_rate: float | None


class StatusOfBatch(Frozen):
    """How a batch stands; times of day are UTC, durations and ``estimated_completion`` in seconds."""

    batch_id: str
    batch_name: str
    status: BatchStatus
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    model_name: str
    protein_name: str
    test_model: bool
    imported: bool
    progress: Progress
    total_jobs: int
    accounting: Accounting
    accounting_sentence: str
    invariant_holds: bool
    jobs: list[JobState]
    jobs_pagination: OnePage
    insights: dict[str, JsonValue]
    performance_metrics: dict[str, JsonValue]
    execution_plan: dict[str, JsonValue]
    estimated_completion: float | None
    cost: dict[str, JsonValue]
    waiting_for: str | None
    round: int
    cancel_requested: bool
    webhook_id: str | None
    artefacts_folder: str | None


class Summary(Frozen):
    """The batch that results are of."""

    name: str
    status: BatchStatus
    created_at: datetime
    total_jobs: int
    completed_jobs: int


class PageOfBatch(Frozen):
    """What a page of results is of; ``partial`` before the end."""

    batch_id: str
    batch_summary: Summary
    ranking: dict[str, JsonValue]
    cost: dict[str, JsonValue]
    partial: bool
    statistics: dict[str, JsonValue]
    download_links: dict[str, str | None]
    accounting: Accounting
    accounting_sentence: str
    pagination: OnePage | SiftedPage


class ResultPage(PageOfBatch):
    """Rows, best first. The figures of a row are those of its model."""

    results: list[dict[str, Any]]


class ModelList(Frozen):
    """The catalogue; each entry with the JSON Schema of its ``parameters``."""

    models: list[dict[str, Any]]


class TaskInShort(Frozen):
    """What can be asked, and who does it here; ``reason`` says why nobody does."""

    task_id: str
    task_name: str
    description: str
    available: bool
    reason: str | None
    models: list[dict[str, JsonValue]]


class TaskList(Frozen):
    """All tasks."""

    tasks: list[TaskInShort]


class TaskForm(TaskInShort):
    """One task, with all that a form needs; ``estimated_time`` in seconds."""

    input_fields: list[dict[str, Any]]
    output_fields: list[dict[str, Any]]
    estimated_time: int
    estimated_time_is_per_job: bool
    resource_requirements: dict[str, JsonValue]
    examples: list[dict[str, Any]]


class FieldProblem(Frozen):
    """What is wrong with one field, named by its path in the request."""

    path: str
    message: str


class Problem(Frozen):
    """How every refusal looks (RFC 9457); some have further members."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldProblem, ...] = ()
