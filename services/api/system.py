"""What the whole system is doing: queues, runs, dead letters, active batches. Everything is measured."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from services.api import insights
from services.api.answers.completion import SystemHealth
from services.api.dependencies import ADMIN, Stored
from services.api.milestones import MOST_ACTIVE, Active, Limit, active, described
from services.api.queues import queues_now
from services.api.store import Store
from shared.domain.milestones import THRESHOLDS
from shared.events.parked import subject, trace_of, unwrapped
from shared.ports.bus import DeadLetter, LetterState
from shared.ports.engine import Run

router = APIRouter(tags=["system"], dependencies=[ADMIN])

SHOWN_LETTERS = 3


@router.get("/api/v3/system/activity")
def activity(store: Stored, limit: Limit = 20) -> dict[str, Any]:
    """What ``omtx top`` shows; counts stop at 100,000, null is unknown."""
    found = active(store, limit=limit)
    queues = queues_now(store)
    now = queues.now
    return {
        "timestamp": now.isoformat(),
        "batches": [
            {
                "batch_id": view.batch.batch_id,
                "name": view.batch.name,
                "status": view.status.value,
                "model_name": view.batch.model,
                "jobs_per_minute": going.jobs_per_minute,
                **described(view, going),
            }
            for view, going in found.views
        ],
        "has_more": found.has_more,
        "queues": queues.told(),
        "engine": engine(store, now),
        "dead_letters": {"open": queues.letters, "last": _last_letters(store)},
    }


def _last_letters(store: Store) -> list[dict[str, Any]]:
    """Why the newest ones lie there; ``trace`` is null of a message that its queue gave up."""
    newest = store.letters.letters(state=LetterState.OPEN, limit=SHOWN_LETTERS)
    return [_letter(letter) for letter in newest]


def _letter(letter: DeadLetter) -> dict[str, Any]:
    about = subject(unwrapped(letter.data).message or b"")
    return {
        "letter_id": letter.id,
        "topic": letter.topic,
        "reason": letter.reason,
        "last_parked_at": letter.last_parked_at.isoformat(),
        "batch_id": about.batch_id,
        "job_id": about.job_id,
        "trace": trace_of(letter.data),
    }


def engine(store: Store, now: datetime) -> dict[str, Any]:
    """
    A worker is handed some calls ahead of their turn: no more of them run than there are workers.

    Everything is null, and no run is listed, where the engine lists none.
    """
    counts, runs = store.runs.counts(), store.runs.running(limit=store.workers)
    if counts is None or runs is None:
        return {"workers": None, "busy": None, "waiting_runs": None, "runs": []}
    return {
        "workers": store.workers,
        "busy": len(runs),
        "waiting_runs": counts.get("waiting", 0) + max(0, counts.get("running", 0) - len(runs)),
        "runs": [_run(run, now) for run in runs],
    }


def _run(run: Run, now: datetime) -> dict[str, Any]:
    taken = max((now - run.started_at).total_seconds(), 0.0) if run.started_at else None
    return {
        "batch_id": run.batch_id,
        "job_id": run.job_id,
        "ligand_name": run.ligand_name,
        "model_name": run.model,
        "seconds": None if taken is None else round(taken, 1),
    }


@router.get(
    "/api/v3/batch-completion/system-health",
    summary="How completion works now",
    responses={200: {"model": SystemHealth}},
)
def health(store: Stored) -> dict[str, Any]:
    """Of the newest hundred active batches at the most."""
    found = active(store, limit=MOST_ACTIVE)
    queues, counts = queues_now(store), store.runs.counts()
    return {
        "system": "batch completion",
        "status": queues.verdict,
        "statistics": {**_statistics(found), "has_more": found.has_more},
        "performance": {
            "messages_waiting": queues.waiting,
            "oldest_due_seconds": queues.oldest,
            "runs_waiting": None if counts is None else counts.get("waiting", 0),
            "runs_running": None if counts is None else counts.get("running", 0),
            "open_dead_letters": queues.letters,
        },
        "features": {"milestone_thresholds": list(THRESHOLDS)},
    }


def _statistics(found: Active) -> dict[str, Any]:
    completed, failed = found.total("completed"), found.total("failed")
    computed = completed + failed
    return {
        "active_batches": len(found.views),
        "total_jobs_monitored": sum(insights.valid(view.accounting) for view, _ in found.views),
        "completed_jobs": completed,
        "failed_jobs": failed,
        "success_rate": round(100 * completed / computed, 2) if computed else None,
    }
