"""Figures of a page of batches: pure. None where there is nothing to take them from."""

import statistics as numbers
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from shared.models.batch import BatchStatus
from shared.steps.reading import Overview

ACTIVE = frozenset({BatchStatus.PENDING, BatchStatus.RUNNING, BatchStatus.PAUSED, BatchStatus.AGGREGATING})
MOST_PROTEINS = 5


def in_utc(time: datetime) -> datetime:
    """A time that names no zone is one of UTC."""
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def statistics(shown: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How many there are in which state, of batches as a list shows them."""
    completed = sum(it["completed_jobs"] for it in shown)
    computed = completed + sum(it["failed_jobs"] for it in shown)
    return {
        "of": "this page",
        "total_batches": len(shown),
        "active_batches": sum(it["status"] in ACTIVE for it in shown),
        "completed_batches": sum(it["status"] == BatchStatus.COMPLETED for it in shown),
        "failed_batches": sum(it["status"] == BatchStatus.FAILED for it in shown),
        "success_rate_overall": round(100 * completed / computed, 2) if computed else None,
    }


def success_rate(views: Sequence[Overview]) -> float | None:
    """Completed rows of those that ran, in per cent."""
    completed = sum(view.accounting.completed for view in views)
    computed = completed + sum(view.accounting.failed for view in views)
    return round(100 * completed / computed, 2) if computed else None


def trends(views: Sequence[Overview]) -> dict[str, Any]:
    """
    Sizes, times in seconds, and the targets asked about most.

    ``performance_trends`` sets the newer half of the finished batches beside the older half.
    """
    ended = sorted((view for view in views if seconds(view) is not None), key=lambda it: it.batch.created_at)
    older, newer = ended[: len(ended) // 2], ended[len(ended) // 2 :]
    proteins = Counter(view.batch.protein_name for view in views)
    return {
        "average_batch_size": _mean([view.accounting.submitted for view in views]),
        "average_completion_time": _mean_time(ended),
        "most_common_proteins": [
            {"protein_name": name, "batches": count} for name, count in proteins.most_common(MOST_PROTEINS)
        ],
        "performance_trends": {"older": _half(older), "newer": _half(newer)} if older else None,
    }


def _half(views: Sequence[Overview]) -> dict[str, Any]:
    return {
        "batches": len(views),
        "success_rate": success_rate(views),
        "average_completion_time": _mean_time(views),
    }


def seconds(view: Overview) -> float | None:
    """From the submission of a batch to its end; None before that."""
    if view.closing is None or view.closing.finished_at is None:
        return None
    return (view.closing.finished_at - view.batch.created_at).total_seconds()


def _mean_time(views: Sequence[Overview]) -> float | None:
    return _mean([taken for view in views if (taken := seconds(view)) is not None])


def _mean(values: Sequence[float]) -> float | None:
    return round(numbers.fmean(values), 2) if values else None
