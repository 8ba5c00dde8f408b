"""A batch and its jobs, as those know them who think of parents and children."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from services.api.answers.examples import CHILDREN
from services.api.answers.jobs import BatchJobs, Children, Hierarchy, OneResult, ResultsOfBatch
from services.api.answers.lists import told
from services.api.dependencies import READ, Stored
from services.api.entries import Entry, seen
from services.api.files import of_id
from services.api.insights import progress
from services.api.jobs import job
from services.api.pages import Page, PageNumber
from services.api.sampling import going
from services.api.showing import as_job, counts, figures
from services.api.states import State, states
from services.api.store import Store
from shared.domain.identity import job_id as id_of_job
from shared.domain.rows import result_row
from shared.models.batch import Batch, BatchStatus
from shared.steps.reading import Overview, overview

router = APIRouter(tags=["batches"], dependencies=[READ])

MOST_CHILDREN = 200
BATCH_JOBS = told(BatchJobs, CHILDREN)
MOST_JOBS = 1501
SAMPLED = 10
SCORES = ("affinity", "confidence", "ptm_score", "iptm_score", "plddt_score", "execution_time")
Children200 = Annotated[int, Query(ge=1, le=MOST_CHILDREN)]
StatusOfJob = Literal["pending", "queued", "running", "completed", "failed", "cancelled"]


@router.get("/api/jobs/{job_id}/batch-status", summary="A batch with its jobs", **BATCH_JOBS)
@router.get(
    "/api/v2/jobs/{job_id}/batch-status", summary="A batch with its jobs", **told(BatchJobs, CHILDREN)
)
def batch_status(
    store: Stored,
    job_id: str,
    page: PageNumber = 1,
    page_size: Annotated[int, Query(ge=1, le=MOST_JOBS)] = 100,
) -> dict[str, Any]:
    """Of a batch, or of that of a job; ``individual_jobs`` come in pages, in the order of the library."""
    batch, _ = of_id(store, job_id)
    view, wanted = overview(store.ledger, batch), Page(page, page_size)
    rows = view.accounting
    ended = view.closing.summary.get("performance") if view.closing else None
    return {
        "batch_id": batch.batch_id,
        "status": view.status.value,
        "progress": {
            "total": rows.submitted,
            "completed": rows.completed,
            "failed": rows.failed,
            "running": rows.running,
            "pending": rows.pending + rows.queued,
            "progress_percent": progress(rows)["progress_percentage"],
        },
        "batch_summary": {
            "total_ligands": rows.submitted,
            "completed_jobs": rows.completed,
            "failed_jobs": rows.failed,
            "execution_time": ended["total_execution_time"] if isinstance(ended, dict) else None,
        },
        "individual_jobs": list(_children(store, view, wanted)),
        "pagination": wanted.describe(batch.counts.jobs),
        "estimated_completion": going(store, view, most=SAMPLED).seconds_left,
    }


def _children(
    store: Store, view: Overview, page: Page, *, status: str | None = None, results: bool = True
) -> Iterator[dict[str, Any]]:
    """The jobs of a page, in the order of the library; where a status is wanted, those of the page in it."""
    jobs = view.batch.counts.jobs
    for state in states(store, view, range(min(page.start, jobs), min(page.start + page.size, jobs))):
        if status in (None, state.status.value):
            yield _child(store, view.batch, state, results=results)


def _child(store: Store, batch: Batch, state: State, *, results: bool) -> dict[str, Any]:
    row, job = store.manifest.row(batch, state.position), id_of_job(batch.batch_id, state.position)
    outcome = state.outcome
    scores = result_row(row, job_id=job, status=state.status, outcome=outcome, rank=None)
    return {
        "id": job,
        "job_id": job,
        "name": row.name,
        "job_name": row.name,
        "job_type": "individual" if batch.counts.single else "batch_child",
        "status": state.status.value,
        "input_data": {
            "ligand_name": row.name,
            "ligand_smiles": row.smiles,
            "batch_index": state.position,
            "protein_name": batch.protein_name,
            "item": dict(row.item),
        },
        "results": {key: scores[key] for key in SCORES} if results and outcome else None,
        "error_message": outcome.failure.message if outcome and outcome.failure else None,
        "completed_at": outcome.finished_at.isoformat() if outcome else None,
    }


@router.get("/api/v2/results/job/{result_id}", summary="One result", **told(OneResult))
def one_result(
    store: Stored, result_id: str, include_results: bool = True, include_children: bool = False
) -> dict[str, Any]:
    """A job with its result row; a batch with its best, and on request with its first 50 jobs."""
    batch, position = of_id(store, result_id)
    if position is not None:
        found = job(store, result_id)
        kept = found["results"] if include_results else None
        alone = {"batch_children": None, "batch_statistics": None}
        return {"job": found | {"results": kept}, "results": kept, **alone}
    view = overview(store.ledger, batch)
    entry, first = seen(view), Page(1, 50)
    return {
        "job": as_job(entry),
        "results": figures(entry) if include_results else None,
        "batch_children": list(_children(store, view, first)) if include_children else None,
        "batch_statistics": counts(entry),
    }


@router.get("/api/v2/results/batch/{batch_id}/results", summary="A batch and jobs", **told(ResultsOfBatch))
def results_of_batch(
    store: Stored,
    batch_id: str,
    status_filter: StatusOfJob | None = None,
    include_results: bool = True,
    page: PageNumber = 1,
    per_page: Children200 = 50,
) -> dict[str, Any]:
    """``children`` are those of a page of the library; ``status_filter`` leaves out others of that page."""
    view, wanted = store.overview(batch_id), Page(page, per_page)
    entry = seen(view)
    return {
        "parent": as_job(entry),
        **_page(store, view, wanted, status=status_filter, results=include_results),
        "statistics": counts(entry),
        "summary": _summary(entry),
    }


def _summary(entry: Entry) -> dict[str, Any]:
    rows = entry.accounting
    return {
        "total_jobs": rows.submitted,
        "completed": rows.completed,
        "failed": rows.failed,
        "running": rows.running,
        "pending": rows.pending + rows.queued,
        "success_rate": counts(entry)["success_rate"],
        "batch_complete": entry.finished_at is not None,
    }


@router.get("/api/v2/results/batch/{batch_id}/children", summary="The jobs of a batch", **told(Children))
def children(
    store: Stored,
    batch_id: str,
    status_filter: StatusOfJob | None = None,
    include_results: bool = True,
    page: PageNumber = 1,
    per_page: Children200 = 50,
) -> dict[str, Any]:
    """A page of the library; ``status_filter`` leaves out others of that page."""
    view = store.overview(batch_id)
    return _page(store, view, Page(page, per_page), status=status_filter, results=include_results)


def _page(
    store: Store, view: Overview, wanted: Page, *, status: StatusOfJob | None, results: bool
) -> dict[str, Any]:
    return {
        "children": list(_children(store, view, wanted, status=status, results=results)),
        "pagination": wanted.describe(view.batch.counts.jobs),
    }


@router.get("/api/v2/batches/{batch_id}/hierarchy", summary="A batch as a tree", **told(Hierarchy))
def hierarchy(
    store: Stored, batch_id: str, page: PageNumber = 1, per_page: Children200 = 50
) -> dict[str, Any]:
    """The parent, a page of its children, and what became of all."""
    view, wanted = store.overview(batch_id), Page(page, per_page)
    entry = seen(view)
    return {
        "batch_id": batch_id,
        "parent": as_job(entry),
        "children": list(_children(store, view, wanted, results=False)),
        "child_count": view.batch.counts.jobs,
        "rounds": [{"number": it.number, "jobs": it.jobs} for it in view.rounds],
        "summary": _summary(entry),
        "complete": entry.status in (BatchStatus.COMPLETED, BatchStatus.FAILED, BatchStatus.CANCELLED),
        "pagination": wanted.describe(view.batch.counts.jobs),
    }
