"""What the numbers of a batch say about how it goes: pure. Thresholds are those users know."""

from collections.abc import Iterator
from typing import Any

from services.api.pace import Durations
from shared.domain.lifecycle import Accounting
from shared.models.batch import Configuration

MOST_SPREAD_SECONDS = 300
RATINGS = ((0.9, "outstanding"), (0.8, "excellent"), (0.7, "good"), (0.6, "fair"))


def valid(accounting: Accounting) -> int:
    """Ligands that were to be computed."""
    return accounting.settled + accounting.open - accounting.invalid - accounting.filtered


def batch_health(accounting: Accounting) -> str:
    """``excellent``, ``healthy``, ``concerning`` or ``unhealthy``; ``unknown`` without ligands."""
    total = valid(accounting)
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
        "success_rate": success_rate(accounting),
    }


def success_rate(accounting: Accounting) -> float | None:
    """Completed of those that ran, in per cent; None before the first."""
    computed = accounting.completed + accounting.failed
    return round(100 * accounting.completed / computed, 2) if computed else None


def resource_efficiency(accounting: Accounting) -> float | None:
    """
    0.3 × how much runs + 0.7 × how much of it succeeds, 0 to 1; None before the first ligand.

    What runs is held against a tenth of the batch, at least one; more than that counts as that.
    """
    computed = accounting.completed + accounting.failed
    if not computed:
        return None
    busy = min(accounting.running / max(0.1 * valid(accounting), 1), 1)
    return 0.3 * busy + 0.7 * accounting.completed / computed


def performance_rating(accounting: Accounting) -> str:
    """From 0.4 × efficiency + 0.6 × success ratio; ``unknown`` before the first ligand."""
    efficiency = resource_efficiency(accounting)
    if efficiency is None:
        return "unknown"
    computed = accounting.completed + accounting.failed
    # Rounded, or 0.4 × 0.7 + 0.6 × … misses the threshold that it stands on by one part in 10^16.
    score = round(0.4 * efficiency + 0.6 * accounting.completed / computed, 9)
    return next((rating for least, rating in RATINGS if score >= least), "poor")


def risk(*, jobs: int, seconds_per_job: float | None, residues: int | None) -> float:
    """0 to 0.6: many jobs, long ones, a large protein; what is not known adds nothing."""
    found = 0.3 * (jobs > 50) + 0.2 * ((seconds_per_job or 0) > 600) + 0.1 * ((residues or 0) > 1000)
    return round(found, 1)


def recommendations(accounting: Accounting, times: Durations | None, trend: str) -> Iterator[str]:
    """What the owner of a running batch might look at."""
    total = valid(accounting)
    if accounting.failed > 0.2 * total:
        share = round(100 * accounting.failed / total)
        yield f"{share} % of the ligands failed: review the input and its validation"
    if accounting.completed and accounting.running > 0.5 * total:
        yield "more than half of the batch runs at once: high concurrent load"
    if times is not None and times.spread > MOST_SPREAD_SECONDS:
        yield (
            f"high variance of run times: {times.fastest:.0f} s to {times.slowest:.0f} s; "
            "consider a screen of its own for the large ligands"
        )
    if trend == "decelerating":
        yield "completions come slowly: look for busy workers or a queue that waits"


def plan_recommendations(configuration: Configuration, *, jobs: int, risk: float) -> Iterator[str]:
    """What might have been ordered otherwise."""
    if jobs > 20 and configuration.scheduling_strategy == "sequential":
        yield f"{jobs} ligands one after the other take long: consider another scheduling strategy"
    if risk > 0.5:
        yield "a large and slow batch: split it into several"
    if jobs > 10 and not configuration.retry_failed_jobs:
        yield f"{jobs} ligands without retries: a passing fault fails a ligand for good"
