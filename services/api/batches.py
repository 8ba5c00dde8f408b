"""How one batch stands."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.api import insights
from services.api.analytics import status_insights
from services.api.answers import StatusOfBatch
from services.api.dependencies import READ, Stored
from services.api.jobs import job_page
from services.api.pages import Page, PageNumber
from services.api.remembering import Asking, remembered
from services.api.store import Store
from shared.steps.reading import Overview, cost_so_far

router = APIRouter(prefix="/api/v3/batches", tags=["batches"], dependencies=[READ])

MOST_JOBS = 1501


@router.get("/{batch_id}/status", summary="Status of a batch", responses={200: {"model": StatusOfBatch}})
def status(
    store: Stored,
    batch_id: str,
    asked: Asking,
    page: PageNumber = 1,
    page_size: Annotated[int, Query(ge=1, le=MOST_JOBS)] = 100,
    force_refresh: bool = False,
) -> Response:
    """
    How the batch stands, with a page of its jobs in the order of the library.

    It is read off the facts each time, or is of a finished batch, whose facts no longer change: which is
    all that ``force_refresh`` could ask for.
    """
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
        "webhook_id": batch.hook,
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
