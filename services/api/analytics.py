"""``GET …/analytics``: how a batch performs, and what might be done about it."""

from typing import Any

from fastapi import APIRouter

from services.api import insights, pace
from services.api.answers.batches import Analytics
from services.api.dependencies import READ, Stored
from services.api.sampling import Going, going
from services.api.store import Store
from shared.steps.reading import Overview

router = APIRouter(prefix="/api/v3/batches/{batch_id}", tags=["batches"], dependencies=[READ])

MOST_SAMPLED = 1000
SAMPLED_FOR_STATUS = 50


@router.get("/analytics", summary="How a batch performs", responses={200: {"model": Analytics}})
def analytics(
    store: Stored, batch_id: str, include_performance: bool = True, include_insights: bool = True
) -> dict[str, Any]:
    """
    Figures of the whole batch come from its counters; those of single runs (times, trend) from at
    most 1,000 of its outcomes, and ``sample`` says so. Times in seconds, variance in s².
    """
    view = store.overview(batch_id)
    now = going(store, view, most=MOST_SAMPLED)
    return {
        "batch_id": batch_id,
        "analysis_timestamp": store.clock.now().isoformat(),
        "sample": {"sampled": now.sample.sampled, "outcomes": len(now.sample.outcomes)},
        "batch_intelligence": {
            "status": view.status.value,
            "progress": insights.progress(view.accounting),
            "batch_health": insights.batch_health(view.accounting),
            "completion_trend": pace.completion_trend(now.sample.outcomes),
            "estimated_completion_seconds": now.seconds_left,
            "children": _children(view, now),
        },
        "performance": _performance(now) if include_performance else None,
        "ai_insights": _assessed(view, now) if include_insights else None,
    }


def status_insights(store: Store, view: Overview) -> dict[str, Any]:
    """The same in short, for those who ask every second."""
    now = going(store, view, most=SAMPLED_FOR_STATUS)
    trend = pace.completion_trend(now.sample.outcomes)
    told = {
        "completion_trend": trend,
        "resource_efficiency": _rounded(insights.resource_efficiency(view.accounting)),
        "performance_rating": insights.performance_rating(view.accounting),
        "recommendations": list(insights.recommendations(view.accounting, now.durations, trend)),
    }
    wanted = view.batch.configuration.enable_performance_analytics
    return {
        "batch_health": insights.batch_health(view.accounting),
        "estimated_completion_time": now.seconds_left,
        "performance_metrics": {
            "jobs_per_minute": now.jobs_per_minute,
            "average_execution_time": _rounded(now.durations.mean if now.durations else None),
            "concurrent_executions": now.concurrency,
        },
        **(told if wanted else {}),
    }


def _children(view: Overview, now: Going) -> dict[str, Any]:
    rate = insights.success_rate(view.accounting)
    times = now.durations
    return {
        "avg_execution_time": _rounded(times.mean if times else None),
        "fastest_execution": _rounded(times.fastest if times else None),
        "slowest_execution": _rounded(times.slowest if times else None),
        "performance_variance": _rounded(times.variance if times else None),
        "current_success_rate": rate,
        "failure_rate": None if rate is None else round(100 - rate, 2),
        "concurrent_executions": now.concurrency,
    }


def _performance(now: Going) -> dict[str, Any]:
    times, rate = now.durations, now.jobs_per_minute
    return {
        "average_execution_time": _rounded(times.mean if times else None),
        "fastest_job": _rounded(times.fastest if times else None),
        "slowest_job": _rounded(times.slowest if times else None),
        "execution_variance": _rounded(times.variance if times else None),
        "throughput": None if rate is None else round(60 * rate, 2),
    }


def _assessed(view: Overview, now: Going) -> dict[str, Any]:
    batch, accounting = view.batch, view.accounting
    risk = insights.risk(
        jobs=batch.counts.jobs,
        seconds_per_job=now.durations.mean if now.durations else None,
        residues=len(batch.protein_sequence) if batch.protein_sequence else None,
    )
    trend = pace.completion_trend(now.sample.outcomes)
    return {
        "optimization_recommendations": [
            *insights.recommendations(accounting, now.durations, trend),
            *insights.plan_recommendations(batch.configuration, jobs=batch.counts.jobs, risk=risk),
        ],
        "performance_assessment": insights.performance_rating(accounting),
        "resource_efficiency": _rounded(insights.resource_efficiency(accounting)),
        "risk_score": risk,
        "predicted_improvements": None,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
