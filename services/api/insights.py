"""What the numbers of a batch say about how it goes: pure."""

from datetime import datetime, timedelta
from typing import Any

from shared.domain.lifecycle import Accounting


def batch_health(accounting: Accounting) -> str:
    """``excellent``, ``healthy``, ``concerning`` or ``unhealthy``, by the thresholds users know."""
    total = accounting.settled + accounting.open - accounting.invalid - accounting.filtered
    if not total:
        return "unknown"
    completed, failed = 100 * accounting.completed / total, 100 * accounting.failed / total
    if failed > 30:
        return "unhealthy"
    if completed + failed >= 95:
        return "concerning" if failed > 10 else "excellent" if completed >= 90 else "healthy"
    if failed > 15 and completed < 30:
        return "concerning"
    return "excellent" if completed > 60 and failed < 10 else "healthy"


def progress(accounting: Accounting) -> dict[str, Any]:
    """Counts of ligands; percentages of 0 to 100, null where nothing can be said yet."""
    total = accounting.submitted
    computed = accounting.completed + accounting.failed
    return {
        "total": total,
        "completed": accounting.completed,
        "failed": accounting.failed,
        "running": accounting.running,
        "pending": accounting.pending + accounting.queued,
        "cancelled": accounting.cancelled,
        "invalid": accounting.invalid,
        "filtered": accounting.filtered,
        "progress_percentage": round(100 * accounting.settled / total, 2),
        "success_rate": round(100 * accounting.completed / computed, 2) if computed else None,
    }


def seconds_left(accounting: Accounting, *, created_at: datetime, now: datetime) -> float | None:
    """
    Time until the last ligand, from the rate at which ligands were settled so far.

    The rate is that of all workers together, so concurrency needs no correction. None before the
    first ligand.
    """
    if not accounting.open:
        return 0.0
    computed = accounting.completed + accounting.failed + accounting.cancelled
    elapsed = (now - created_at).total_seconds()
    return round(elapsed / computed * accounting.open, 1) if computed and elapsed > 0 else None


def jobs_per_minute(accounting: Accounting, elapsed: timedelta) -> float | None:
    """Ligands settled by a run per minute; None if no time passed."""
    seconds = elapsed.total_seconds()
    return round(60 * (accounting.completed + accounting.failed) / seconds, 2) if seconds > 0 else None
