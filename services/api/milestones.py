"""Completion of batches: progress, milestones, and how all active ones stand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.api import insights
from services.api.answers.completion import (
    ActiveBatches,
    CompletionStatus,
    MilestonesOfBatch,
    ProgressOfBatch,
)
from services.api.dependencies import READ, Stored
from services.api.queues import queues_now
from services.api.sampling import Going, going
from services.api.store import Store
from shared.domain.milestones import THRESHOLDS
from shared.models.facts import Milestone
from shared.steps.reading import Overview, overview

router = APIRouter(prefix="/api/v3/batch-completion", tags=["completion"], dependencies=[READ])

MOST_ACTIVE = 100
SAMPLED = 10
FEATURES = ("progress", "milestones", "reconcile")
Limit = Annotated[int, Query(ge=1, le=MOST_ACTIVE)]


@dataclass(frozen=True)
class Active:
    """A page of batches that are not finished, newest first, each with how it goes."""

    views: Sequence[tuple[Overview, Going]]
    has_more: bool

    @property
    def next_after(self) -> str | None:
        """The batch behind which the next page starts."""
        return self.views[-1][0].batch.batch_id if self.has_more else None

    def total(self, count: str) -> int:
        """The sum of one count of the accounting over the page."""
        return sum(getattr(view.accounting, count) for view, _ in self.views)


def active(store: Store, *, limit: int, after: str | None = None) -> Active:
    """At most ``limit`` batches: no answer costs more the more batches there are."""
    found = store.ledger.batches(owner=store.owner, unfinished=True, limit=limit + 1, after=after)
    views = [overview(store.ledger, batch) for batch in found[:limit]]
    return Active([(view, going(store, view, most=SAMPLED)) for view in views], len(found) > limit)


@router.get(
    "/milestones/{batch_id}", summary="Milestones of a batch", responses={200: {"model": MilestonesOfBatch}}
)
def milestones(store: Stored, batch_id: str) -> dict[str, Any]:
    """Each with the time at which it was recorded."""
    view = store.overview(batch_id)
    reached = store.ledger.milestones(batch_id)
    percentage = _percentage(view)
    return {
        "batch_id": batch_id,
        "current_percentage": percentage,
        "milestones": list(_described(reached, percentage)),
        "next_milestone": _next(percentage),
        "milestone_summary": {
            "total_milestones": len(THRESHOLDS),
            "reached_milestones": len(reached),
            "remaining_milestones": len(THRESHOLDS) - len(reached),
        },
    }


def _described(reached: Iterable[Milestone], percentage: float) -> Iterable[dict[str, Any]]:
    """``current``: the share is passed, and the record of it is still to come."""
    times: dict[int, datetime] = {found.threshold: found.reached_at for found in reached}
    for threshold in THRESHOLDS:
        at = times.get(threshold)
        status = "reached" if at else "current" if percentage >= threshold else "pending"
        yield {
            "threshold": threshold,
            "status": status,
            "description": f"{threshold} % of the submitted rows have their final word",
            "reached_at": at.isoformat() if at else None,
        }


def _next(percentage: float) -> int | None:
    return next((it for it in THRESHOLDS if it > percentage), None)


def _percentage(view: Overview) -> float:
    """Settled rows of all submitted ones, in per cent; 100 only when it is all of them."""
    share: float = insights.progress(view.accounting)["progress_percentage"]
    return min(share, 99.99) if view.accounting.open else share


@router.get(
    "/batch/{batch_id}/progress", summary="How far a batch is", responses={200: {"model": ProgressOfBatch}}
)
def progress(store: Stored, batch_id: str, force_refresh: bool = False) -> dict[str, Any]:
    """Read off the facts each time, which is all that ``force_refresh`` could ask for."""
    view = store.overview(batch_id)
    now = going(store, view, most=SAMPLED)
    reached = [found.threshold for found in store.ledger.milestones(batch_id)]
    told = described(view, now)
    finished = view.closing is not None and view.closing.finished_at is not None
    return {
        "batch_id": batch_id,
        "progress": told,
        "milestones": {
            "available": list(THRESHOLDS),
            "reached": reached,
            "next_milestone": _next(told["percentage"]),
        },
        "status": "completed" if finished else "in_progress",
        "performance": {
            "jobs_per_minute": now.jobs_per_minute,
            "success_rate": insights.success_rate(view.accounting),
        },
    }


def described(view: Overview, now: Going) -> dict[str, Any]:
    """Counts, share, time left, and when a ligand was last settled (at first: when the batch was opened)."""
    moved = (leaf.moved_at for tally in view.tallies for leaf in tally.leaves)
    return {
        "total_jobs": view.accounting.submitted,
        "completed_jobs": view.accounting.completed,
        "failed_jobs": view.accounting.failed,
        "running_jobs": view.accounting.running,
        "percentage": _percentage(view),
        "estimated_completion_seconds": now.seconds_left,
        "last_updated": max(moved, default=view.batch.created_at).isoformat(),
    }


@router.get("/status", summary="The active batches", responses={200: {"model": CompletionStatus}})
def status(store: Stored, limit: Limit = 20) -> dict[str, Any]:
    """The newest active batches by id; there are no callbacks, so none is counted."""
    found = active(store, limit=limit)
    return {
        "system": "batch completion",
        "active_batches": len(found.views),
        "has_more": found.has_more,
        "active_batch_ids": [view.batch.batch_id for view, _ in found.views],
        "batch_progress": {view.batch.batch_id: _renamed(described(view, now)) for view, now in found.views},
        "registered_callbacks": None,
        "milestone_thresholds": list(THRESHOLDS),
        "features": list(FEATURES),
    }


def _renamed(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "estimated_completion": told["estimated_completion_seconds"]}


@router.get("/active-batches", summary="Active batches, in pages", responses={200: {"model": ActiveBatches}})
def active_batches(store: Stored, limit: Limit = 50, after: str | None = None) -> dict[str, Any]:
    """A page of them, newest first."""
    found = active(store, limit=limit, after=after)
    keys = ("total_jobs", "completed_jobs", "percentage", "last_updated")
    batches = []
    for view, now in found.views:
        told = described(view, now)
        head = {"batch_id": view.batch.batch_id, "status": view.status.value}
        batches.append(head | {key: told[key] for key in keys})
    return {
        "total_active_batches": len(batches) if not (found.has_more or after) else None,
        "batches": batches,
        "pagination": {"limit": limit, "has_more": found.has_more, "next_after": found.next_after},
        "system_health": queues_now(store).verdict,
        "monitoring_features": list(FEATURES),
    }
