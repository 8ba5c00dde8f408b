"""What routes of jobs, and of batches as parents of jobs, answer with."""

from datetime import datetime
from typing import Any, Literal

from pydantic import JsonValue

from services.api.answers import Job, Status
from services.api.answers.lists import Best, KindOfJob, ListedJob, Numbered, Rows
from services.api.answers.paging import OnePage
from shared.models.base import Frozen
from shared.models.batch import BatchStatus


class JobList(Frozen):
    """A page of jobs, one for each batch; ``total`` is null where it is not known."""

    jobs: list[ListedJob]
    total: int | None
    page: int
    per_page: int
    has_more: bool
    next_after: str | None


class JobsInStatus(Frozen):
    """Jobs in one state; ``count`` is that of this page."""

    jobs: list[ListedJob]
    count: int
    status: BatchStatus
    pagination: Numbered


class Line(Frozen):
    """A line of a log; ``timestamp`` is null where the line tells none."""

    timestamp: datetime | None
    level: Literal["info", "warning", "error"]
    message: str
    source: Literal["head", "run", "end"]
    function_name: str | None
    app_id: str
    execution_id: str | None
    raw_line: str


class Logs(Frozen):
    """The log of the run that decided; ``message`` says why there is none."""

    job_id: str
    logs: list[Line]
    log_count: int
    message: str | None


class FileOfJob(Frozen):
    """A file; its size in bytes."""

    name: str
    size: int
    type: str
    sha256: str


class Exported(Frozen):
    """A job, to take away."""

    job: Job
    files: list[FileOfJob]
    exported_at: datetime


class ChildInput(Frozen):
    """What a job is about; ``batch_index`` counts from 0, in the order of the library."""

    ligand_name: str
    ligand_smiles: str | None
    batch_index: int
    protein_name: str
    item: dict[str, JsonValue]


class ChildScores(Frozen):
    """Figures of a job; null where its model predicts none. Time in seconds."""

    affinity: float | None
    confidence: float | None
    ptm_score: float | None
    iptm_score: float | None
    plddt_score: float | None
    execution_time: float | None


class Child(Frozen):
    """A job of a batch; ``results`` are null before its end."""

    id: str
    job_id: str
    name: str
    job_name: str
    job_type: KindOfJob
    status: Status
    input_data: ChildInput
    results: ChildScores | None
    error_message: str | None
    completed_at: datetime | None


class BatchProgress(Frozen):
    """Rows of a batch; the share that has its final word in per cent."""

    total: int
    completed: int
    failed: int
    running: int
    pending: int
    progress_percent: float


class BatchSummary(Frozen):
    """Counts of a batch; the time of all runs in seconds, null before the end."""

    total_ligands: int
    completed_jobs: int
    failed_jobs: int
    execution_time: float | None


class BatchJobs(Frozen):
    """A batch with a page of its jobs; ``estimated_completion`` in seconds from now."""

    batch_id: str
    status: BatchStatus
    progress: BatchProgress
    batch_summary: BatchSummary
    individual_jobs: list[Child]
    pagination: OnePage
    estimated_completion: float | None


class OneResult(Frozen):
    """A job with its row, or a batch with its best and, on request, its first jobs."""

    job: Job | ListedJob
    results: Best | dict[str, Any] | None
    batch_children: list[Child] | None
    batch_statistics: Rows | None


class Outcomes(Frozen):
    """What became of the rows of a batch; the rate in per cent."""

    total_jobs: int
    completed: int
    failed: int
    running: int
    pending: int
    success_rate: float | None
    batch_complete: bool


class ResultsOfBatch(Frozen):
    """A batch and a page of its jobs."""

    parent: ListedJob
    children: list[Child]
    statistics: Rows
    summary: Outcomes
    pagination: OnePage


class Children(Frozen):
    """A page of the jobs of a batch."""

    children: list[Child]
    pagination: OnePage


class RoundOfBatch(Frozen):
    """A pass over jobs: the first over all, later ones over what failed before."""

    number: int
    jobs: int


class Hierarchy(Frozen):
    """A batch, its rounds, and a page of its jobs."""

    batch_id: str
    parent: ListedJob
    children: list[Child]
    child_count: int
    rounds: list[RoundOfBatch]
    summary: Outcomes
    complete: bool
    pagination: OnePage
