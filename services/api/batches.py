"""Batches: list and status."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from services.api import insights
from services.api.analytics import status_insights
from services.api.answers import BatchList, StatusOfBatch
from services.api.dependencies import READ, Stored
from services.api.jobs import job_page
from services.api.pages import Page, PageNumber
from services.api.remembering import Asking, entries, remembered
from services.api.store import Store
from shared.models.batch import BatchStatus
from shared.steps.reading import Overview, cost_so_far, overviews

router = APIRouter(prefix="/api/v3/batches", tags=["batches"], dependencies=[READ])

MOST_LISTED = 200
MOST_JOBS = 1501
ACTIVE = frozenset({BatchStatus.PENDING, BatchStatus.RUNNING, BatchStatus.PAUSED, BatchStatus.AGGREGATING})


@router.get("", summary="List batches", responses={200: {"model": BatchList}})
def list_batches(
    store: Stored,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
    status: BatchStatus | None = None,
) -> Response:
    """Newest first; ``statistics`` are of this page."""
    views = _all(store, offset + limit + 1, status)
    chosen = [view for view in views if status in (None, view["status"])]
    shown = chosen[offset : offset + limit]
    more = len(chosen) > offset + limit
    answer = {
        "batches": shown,
        "pagination": {
            "limit": limit,
            "offset": offset,
            "total": len(chosen) if not more else None,
            "has_more": more,
            "next_offset": offset + limit if more else None,
        },
        "statistics": _statistics(shown),
    }
    return Response(to_json(answer), media_type="application/json")


def _all(store: Store, most: int, wanted: BatchStatus | None) -> list[dict[str, Any]]:
    """The newest batches; where a status is wanted, as many as one page may look through."""
    found = store.ledger.listed(owner=store.owner, limit=most if wanted is None else max(most, 1000))

    def make(places: Sequence[int]) -> list[dict[str, Any]]:
        views = overviews(store.ledger, [(found[place].batch, found[place].intents) for place in places])
        return list(map(_listed, views))

    return entries(store, "listed", [(it.batch.batch_id, it.seal) for it in found], make)


def _listed(view: Overview) -> dict[str, Any]:
    batch, accounting = view.batch, view.accounting
    return {
        "id": batch.batch_id,
        "batch_id": batch.batch_id,
        "name": batch.name,
        "status": view.status.value,
        "created_at": batch.created_at.isoformat(),
        "model_name": batch.model,
        "protein_name": batch.protein_name,
        "total_jobs": accounting.submitted,
        "completed_jobs": accounting.completed,
        "failed_jobs": accounting.failed,
        "running_jobs": accounting.running,
        "accounting": accounting.model_dump(),
        "user_id": batch.owner,
        "test_model": batch.test_model,
        "imported": batch.imported,
    }


def _statistics(views: list[dict[str, Any]]) -> dict[str, Any]:
    completed = sum(view["completed_jobs"] for view in views)
    computed = completed + sum(view["failed_jobs"] for view in views)
    return {
        "total_batches": len(views),
        "active_batches": sum(view["status"] in ACTIVE for view in views),
        "completed_batches": sum(view["status"] == BatchStatus.COMPLETED for view in views),
        "failed_batches": sum(view["status"] == BatchStatus.FAILED for view in views),
        "success_rate_overall": round(100 * completed / computed, 2) if computed else None,
    }


@router.get("/{batch_id}/status", summary="Status of a batch", responses={200: {"model": StatusOfBatch}})
def status(
    store: Stored,
    batch_id: str,
    asked: Asking,
    page: PageNumber = 1,
    page_size: Annotated[int, Query(ge=1, le=MOST_JOBS)] = 100,
) -> Response:
    """How the batch stands, with a page of its jobs in the order of the library."""
    wanted = Page(page, page_size)
    return remembered(store, batch_id, asked, lambda: _status(store, store.overview(batch_id), wanted))


def _status(store: Store, view: Overview, jobs: Page) -> dict[str, Any]:
    batch, accounting, closing = view.batch, view.accounting, view.closing
    ended = closing.closed_at if closing else store.clock.now()
    told = status_insights(store, view)
    folder = store.artefacts_folder
    return {
        "batch_id": batch.batch_id,
        "batch_name": batch.name,
        "status": view.status.value,
        "created_at": batch.created_at.isoformat(),
        "updated_at": ended.isoformat(),
        "finished_at": closing.finished_at.isoformat() if closing and closing.finished_at else None,
        "model_name": batch.model,
        "protein_name": batch.protein_name,
        "test_model": batch.test_model,
        "imported": batch.imported,
        "progress": insights.progress(accounting),
        "total_jobs": accounting.submitted,
        "accounting": accounting.model_dump(),
        "accounting_sentence": accounting.sentence(),
        "invariant_holds": accounting.holds,
        "jobs": job_page(store, view, jobs),
        "jobs_pagination": jobs.describe(batch.counts.jobs),
        "insights": told,
        "performance_metrics": told["performance_metrics"],
        "execution_plan": _plan(view),
        "estimated_completion": told["estimated_completion_time"],
        "cost": cost(view, ended),
        "waiting_for": _waiting_for(store, view),
        "round": view.tallies[-1].round.number,
        "cancel_requested": view.intents.cancelled_at is not None,
        "artefacts_folder": str((folder / "batches" / batch.batch_id).resolve()) if folder else None,
    }


def cost(view: Overview, now: datetime) -> dict[str, Any]:
    """What the batch used: as its summary says, or, until that is written, as its counters do."""
    written = view.closing.summary.get("cost") if view.closing else None
    return dict(written) if isinstance(written, Mapping) else cost_so_far(view, now)


def _waiting_for(store: Store, view: Overview) -> str | None:
    """What an open batch cannot go on without; None where it can."""
    if view.closing is not None:
        return None
    return store.alignments.look(view.batch, now=store.clock.now()).sentence()


def _plan(view: Overview) -> dict[str, Any]:
    """How the batch is run: ``limit`` jobs in flight at the most now, below the ``window``, and why."""
    pace = view.intents.pace
    return {
        "window": view.batch.window,
        "limit": view.intents.limit or view.batch.window,
        "limit_reason": pace.reason if pace else None,
        "limit_observed_at": pace.judged_at.isoformat() if pace else None,
        **view.batch.configuration.model_dump(),
    }
