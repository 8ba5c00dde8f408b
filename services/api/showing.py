"""How an entry is shown: as a result, as a job, and in figures over many. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.api.entries import Entry, job_type
from services.api.insights import success_rate

RECENT = timedelta(days=7)


def as_result(entry: Entry) -> dict[str, Any]:
    """An entry of a list of results; ``results`` are null before the end."""
    batch = entry.batch
    return {
        "id": entry.id,
        "job_id": entry.id,
        "batch_id": batch.batch_id,
        "job_type": job_type(batch),
        "task_type": batch.task_type,
        "job_name": batch.name,
        "status": entry.status.value,
        "created_at": batch.created_at.isoformat(),
        "completed_at": entry.finished_at.isoformat() if entry.finished_at else None,
        "user_id": batch.owner,
        "model_name": batch.model,
        "test_model": batch.test_model,
        "progress": counts(entry),
        "inputs": {
            "protein_name": batch.protein_name,
            "total_ligands": batch.counts.submitted,
            "model_version": batch.model_version,
            "seed": batch.seed,
        },
        "results": figures(entry),
    }


def counts(entry: Entry) -> dict[str, Any]:
    """Where the rows of a batch are."""
    accounting = entry.accounting
    return {
        "total_jobs": accounting.submitted,
        "completed_jobs": accounting.completed,
        "failed_jobs": accounting.failed,
        "running_jobs": accounting.running,
        "pending_jobs": accounting.pending + accounting.queued,
        "success_rate": success_rate(accounting),
    }


def figures(entry: Entry) -> dict[str, Any] | None:
    """The best of a finished batch, as its summary says; figures that no model predicted are null."""
    predicted = entry.summary.get("prediction_summary")
    if not isinstance(predicted, Mapping):
        return None
    affinity, confidence = predicted["affinity_stats"], predicted["confidence_stats"]
    return {
        "best_affinity": affinity["best_affinity"],
        "mean_affinity": affinity["mean"],
        "highest_confidence": confidence["highest_confidence"],
        "top": entry.summary["top_predictions"]["best_affinity"][:3],
        "execution_time": entry.summary["performance"]["total_execution_time"],
    }


def as_job(entry: Entry) -> dict[str, Any]:
    """An entry of a list of jobs."""
    batch, ended = entry.batch, entry.finished_at
    return {
        "id": entry.id,
        "batch_id": batch.batch_id,
        "name": batch.name,
        "job_type": job_type(batch),
        "task_type": batch.task_type,
        "status": entry.status.value,
        "created_at": batch.created_at.isoformat(),
        "updated_at": entry.updated_at.isoformat(),
        "completed_at": ended.isoformat() if ended else None,
        "duration": entry.seconds,
        "model_name": batch.model,
        "protein_name": batch.protein_name,
        "user_id": batch.owner,
        "can_view": ended is not None,
        "has_results": ended is not None and entry.accounting.completed > 0,
        "batch_info": None if batch.counts.single else counts(entry),
    }


def statistics(entries: Sequence[Entry], *, now: datetime) -> dict[str, Any]:
    """Sums over entries; the rate is of rows that ran, in per cent, and times are in seconds."""
    times = [it.seconds for it in entries if it.seconds is not None]
    completed = sum(it.accounting.completed for it in entries)
    computed = completed + sum(it.accounting.failed for it in entries)
    return {
        "by_status": dict(Counter(it.status.value for it in entries)),
        "by_job_type": dict(Counter(job_type(it.batch) for it in entries)),
        "by_task_type": dict(Counter(it.batch.task_type for it in entries)),
        "by_model": dict(Counter(it.batch.model for it in entries)),
        "recent_activity": sum(it.batch.created_at > now - RECENT for it in entries),
        "rows": {
            "submitted": sum(it.accounting.submitted for it in entries),
            "completed": completed,
            "failed": computed - completed,
            "open": sum(it.accounting.open for it in entries),
        },
        "success_rate": round(100 * completed / computed, 2) if computed else None,
        "avg_completion_time": sum(times) / len(times) if times else None,
    }
