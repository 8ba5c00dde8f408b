"""Lists of results: the newest, by status, by words of their names, and their statistics."""

from itertools import islice
from time import perf_counter
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from services.api.answers.examples import FOUND, RESULTS
from services.api.answers.lists import Found, JobPage, ResultList, ResultStatistics, StatusList, told
from services.api.dependencies import READ, Stored
from services.api.entries import Shelf, Wanted, entries_of, newest, shelf, total
from services.api.pages import PageNumber
from services.api.showing import as_job, as_result, statistics
from services.api.store import Store
from shared.models.batch import BatchStatus

router = APIRouter(tags=["result lists"], dependencies=[READ])

MOST_COUNTED = 200
Cursor = Annotated[str | None, Query(max_length=200, description="The ``next_after`` of the page before.")]
JobType = Literal["individual", "batch_parent"]
Hundred = Annotated[int, Query(ge=1, le=100)]
Fifty = Annotated[int, Query(ge=1, le=50)]


@router.get("/api/v2/results/ultra-fast", summary="Newest results", **told(ResultList, RESULTS))
@router.get("/api/v2/results/fast", summary="Newest results", **told(ResultList, RESULTS))
@router.get("/api/v3/batches/fast-results", summary="Newest results", **told(ResultList, RESULTS))
def ultra_fast(
    store: Stored, limit: Hundred = 50, page: PageNumber = 1, after: Cursor = None
) -> dict[str, Any]:
    """
    One entry for each batch, newest first; a single prediction is a batch of one.

    A page costs two reads an entry, and one for each that is skipped: 10,000 at the most, behind which
    ``after`` goes on. ``total`` is null above 10,000. Nothing is kept between requests.
    """
    began = perf_counter()
    found = shelf(store, Wanted(), limit=limit, page=page, after=after)
    return {
        "results": [as_result(it) for it in found.entries],
        "total": found.total,
        "source": "ledger",
        "page": page,
        "limit": limit,
        "has_more": found.has_more,
        "next_after": found.next_after,
        "cache_status": "none",
        "performance": {
            "response_time_seconds": round(perf_counter() - began, 6),
            "cache_hit": False,
            "cache_status": "none",
            "strategy": "one read of the ledger a page",
            "optimization_strategy": "one read of the ledger a page",
            "endpoint": "results",
        },
    }


@router.get("/api/v2/results/my-jobs", summary="One's jobs", **told(JobPage))
def my_jobs(
    store: Stored,
    page: PageNumber = 1,
    per_page: Hundred = 20,
    job_type: JobType | None = None,
    status: BatchStatus | None = None,
    task_type: str | None = None,
    search: Annotated[str | None, Query(min_length=1, max_length=100)] = None,
    after: Cursor = None,
) -> dict[str, Any]:
    """Filtered among the newest 500 at a time; ``statistics`` are of this page."""
    wanted = Wanted(status=status, task_type=task_type, job_type=job_type, text=search)
    found = shelf(store, wanted, limit=per_page, page=page, after=after)
    return {
        "jobs": [as_job(it) for it in found.entries],
        "pagination": numbered(found, page, per_page),
        "statistics": statistics(found.entries, now=store.clock.now()),
    }


def numbered(found: Shelf, page: int, per_page: int) -> dict[str, Any]:
    """The place of a page; null where the end of the list was not seen."""
    return {
        "page": page,
        "per_page": per_page,
        "total": found.total,
        "total_pages": None if found.total is None else -(-found.total // per_page),
        "has_more": found.has_more,
        "next_after": found.next_after,
        "looked_at": found.looked_at,
    }


@router.get("/api/v2/results/search", summary="Search by name", **told(Found, FOUND))
def search(
    store: Stored,
    q: Annotated[str, Query(min_length=1, max_length=100)],
    job_type: JobType | None = None,
    limit: Fifty = 20,
    after: Cursor = None,
) -> dict[str, Any]:
    """
    What has ``q``, in any case, in the name of its screen or protein.

    One request looks through the newest 500; ``complete`` says whether that was all, ``next_after`` where
    the next one goes on.
    """
    found = shelf(store, Wanted(text=q, job_type=job_type), limit=limit, after=after)
    return {
        "query": q,
        "results": [as_result(it) for it in found.entries],
        "total": found.total,
        "looked_at": found.looked_at,
        "complete": not found.has_more,
        "next_after": found.next_after,
    }


@router.get("/api/v2/results/statistics", summary="Statistics of one's results", **told(ResultStatistics))
def result_statistics(store: Stored) -> dict[str, Any]:
    """Of the newest 200; ``total_jobs`` counts all up to 10,000, and is null above."""
    return {"total_jobs": total(store), **newest_statistics(store), "cache_info": None}


def newest_statistics(store: Store) -> dict[str, Any]:
    """Sums over the newest 200 batches, and whether these are all."""
    listed = list(islice(newest(store), MOST_COUNTED + 1))
    found = list(entries_of(store, listed[:MOST_COUNTED]))
    counted = {"counted": len(found), "complete": len(listed) <= MOST_COUNTED}
    return {**statistics(found, now=store.clock.now()), **counted}


@router.get("/api/v2/results/status/{status}", summary="Results in one state", **told(StatusList))
def in_status(
    store: Stored, status: BatchStatus, limit: Hundred = 50, page: PageNumber = 1, after: Cursor = None
) -> dict[str, Any]:
    """Among the newest 500 at a time, as ``search``."""
    found = shelf(store, Wanted(status=status), limit=limit, page=page, after=after)
    return {
        "status": status.value,
        "results": [as_result(it) for it in found.entries],
        "count": len(found.entries),
        "pagination": numbered(found, page, limit),
    }
