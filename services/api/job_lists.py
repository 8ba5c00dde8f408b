"""Lists of jobs, and what there is to a job beside its state: its log, its files, an export."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from services.api import jobs
from services.api.answers.examples import LOGS
from services.api.answers.jobs import Exported, JobList, JobsInStatus, Logs
from services.api.answers.lists import told
from services.api.dependencies import READ, Stored
from services.api.entries import Wanted, shelf
from services.api.files import file_of, files_of, outcome_of
from services.api.lists import Cursor, Hundred, numbered
from services.api.pages import PageNumber
from services.api.run_logs import lines
from services.api.sending import FILE, attachment
from services.api.showing import as_job
from shared.domain.naming import LOG
from shared.models.batch import BatchStatus

router = APIRouter(tags=["jobs"], dependencies=[READ])


@router.get("/api/jobs", summary="List jobs", **told(JobList))
@router.get("/api/v2/jobs", summary="List jobs", **told(JobList))
def list_jobs(
    store: Stored, page: PageNumber = 1, per_page: Hundred = 20, after: Cursor = None
) -> dict[str, Any]:
    """One entry for each batch, newest first: a single prediction with the id of its job, else the batch."""
    found = shelf(store, Wanted(), limit=per_page, page=page, after=after)
    return {
        "jobs": [as_job(it) for it in found.entries],
        "total": found.total,
        "page": page,
        "per_page": per_page,
        "has_more": found.has_more,
        "next_after": found.next_after,
    }


@router.get("/api/v2/jobs/status/{status}", summary="Jobs in one state", **told(JobsInStatus))
def jobs_in_status(
    store: Stored, status: BatchStatus, page: PageNumber = 1, per_page: Hundred = 50, after: Cursor = None
) -> dict[str, Any]:
    """Among the newest 500 at a time; ``count`` is that of this page."""
    found = shelf(store, Wanted(status=status), limit=per_page, page=page, after=after)
    return {
        "jobs": [as_job(it) for it in found.entries],
        "count": len(found.entries),
        "status": status.value,
        "pagination": numbered(found, page, per_page),
    }


@router.get("/api/v2/jobs/{job_id}/logs", summary="The log of a job, line by line", **told(Logs, LOGS))
def logs(
    store: Stored,
    job_id: str,
    level: Annotated[Literal["info", "warning", "error"] | None, Query(description="Only these.")] = None,
) -> dict[str, Any]:
    """What the run that decided said; ``message`` says why there is nothing, where there is nothing."""
    batch, position = store.job(job_id)
    outcome = outcome_of(store, batch, position)
    file = next((file for file in outcome.artefacts if file.name == LOG), None) if outcome else None
    text = store.blobs.get(file.key).decode(errors="replace") if file else ""
    started = outcome.started_at if outcome else None
    call = outcome.call_id if outcome else None
    found = [it for it in lines(text, started, app=batch.model, call=call) if level in (None, it["level"])]
    missing = "the run left no log" if outcome else "the log comes with the end of the run"
    return {
        "job_id": job_id,
        "logs": found,
        "log_count": len(found),
        "message": None if file else missing,
    }


@router.get("/api/jobs/{job_id}/export", summary="A job as one file", **told(Exported))
@router.get("/api/v2/jobs/{job_id}/export", summary="A job as one file", **told(Exported))
def export(store: Stored, job_id: str, response: Response) -> dict[str, Any]:
    """An attachment in JSON: the job with its result row, and the list of its files."""
    batch, position = store.job(job_id)
    response.headers.update(attachment(f"{job_id}.json"))
    return {
        "job": jobs.job(store, job_id),
        "files": [file_of(file) for file in files_of(store, batch, position)],
        "exported_at": store.clock.now().isoformat(),
    }


@router.get("/api/jobs/{job_id}/download-structure", summary="Download the structure", **FILE)
@router.get("/api/v2/jobs/{job_id}/download-structure", summary="Download the structure", **FILE)
def structure(store: Stored, job_id: str, format: Literal["cif", "sdf"] = "cif") -> Response:
    """The predicted complex, or its ligand alone."""
    return jobs.download(store, job_id, format)
