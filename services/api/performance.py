"""How this instance performs. Every figure is measured in this process; what was not measured is null."""

from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.api import appraisal, figures
from services.api.dependencies import ADMIN, Stored
from services.api.machine import Gauge, Machine
from services.api.performance_answers import EndpointFigures, OptimizationReport, PerformanceMetrics
from shared.metrics import Spread
from shared.settings import settings

router = APIRouter(prefix="/api/v3/performance", tags=["performance"], dependencies=[ADMIN])

SCOPE = "instance"
AGAIN_SOON, AGAIN_LATER = timedelta(days=1), timedelta(days=7)
RARELY_HIT = 0.5
Count = Annotated[int, Query(ge=1, le=200)]


@cache
def gauge() -> Gauge:
    """The one that remembers the last look."""
    return Gauge(settings().home)


@router.get("/metrics", summary="Measured performance", responses={200: {"model": PerformanceMetrics}})
def metrics(store: Stored) -> dict[str, Any]:
    """Of this instance since its process began; times in milliseconds, shares from 0 to 1 or in per cent."""
    all_requests, machine = figures.whole(figures.endpoints()), gauge().read()
    ledger, caches = figures.ledger(), figures.caches()
    return {
        "timestamp": store.clock.now().isoformat(),
        "scope": SCOPE,
        "api_performance": {
            **_times(all_requests.spread),
            "cache_hit_rate": caches.hit_rate,
            "total_requests": all_requests.spread.count,
            "errors": all_requests.errors,
            "connection_pool_usage": None,
        },
        "database_performance": {
            "avg_query_time": _milliseconds(ledger.mean),
            "p95_query_time": _milliseconds(ledger.quantile(0.95)),
            "active_connections": None,
            "query_count": ledger.count,
            "slow_queries": ledger.above(figures.SLOW_SECONDS),
        },
        "cache_performance": {
            "hit_rate": caches.hit_rate,
            "entries": caches.entries,
            "size_mb": None if caches.bytes is None else round(caches.bytes / 1e6, 3),
            "evictions": caches.evictions,
        },
        "system_resources": _resources(machine),
        "optimization_recommendations": [
            appraisal.LIMITS[it.kind].advice for it in appraisal.bottlenecks(_signals(all_requests, machine))
        ],
    }


@router.get("/api-endpoints", summary="Routes by use", responses={200: {"model": list[EndpointFigures]}})
def endpoints(limit: Count = 20) -> list[dict[str, Any]]:
    """The routes that this instance was asked for most, and how it answered."""
    return [
        {
            "endpoint": it.name,
            "avg_response_time_ms": _milliseconds(it.spread.mean),
            "p50_response_time_ms": _milliseconds(it.spread.quantile(0.5)),
            "p95_response_time_ms": _milliseconds(it.spread.quantile(0.95)),
            "p99_response_time_ms": _milliseconds(it.spread.quantile(0.99)),
            "request_count": it.spread.count,
            "error_rate_percent": round(it.error_percent, 3),
            "refused_percent": round(100 * it.refused / it.spread.count, 3),
            "cache_hit_rate_percent": None,
        }
        for it in figures.endpoints()[:limit]
    ]


@router.get("/optimization-report", summary="What is tight", responses={200: {"model": OptimizationReport}})
def report(store: Stored) -> dict[str, Any]:
    """Bottlenecks by documented limits, and a score: 100 less 15 to 25 for each of them."""
    each, machine, now = figures.endpoints(), gauge().read(), store.clock.now()
    all_requests = figures.whole(each)
    found = appraisal.bottlenecks(_signals(all_requests, machine))
    return {
        "report_timestamp": now.isoformat(),
        "scope": SCOPE,
        "overall_health_score": appraisal.score(found),
        "performance_summary": {
            **_times(all_requests.spread),
            "total_requests": all_requests.spread.count,
            "error_rate_percent": _error_percent(all_requests),
            "failed_jobs_percent": figures.failed_percent(),
            **_resources(machine),
        },
        "bottlenecks": [_described(it) for it in found],
        "optimization_opportunities": _opportunities(each),
        "scaling_recommendations": [_scaling(it) for it in found if it.kind in ("cpu", "memory")],
        "next_review_date": _review(now, bool(found)),
    }


def _signals(requests: figures.Endpoint, machine: Machine) -> dict[str, float | None]:
    """What is judged, by the names of ``appraisal.LIMITS``."""
    return {
        "cpu": machine.cpu,
        "memory": machine.memory,
        "disk": machine.disk,
        "errors": _error_percent(requests),
        "p95": _milliseconds(requests.spread.quantile(0.95)),
        "failures": figures.failed_percent(),
    }


def _described(it: appraisal.Bottleneck) -> dict[str, str]:
    advice = appraisal.LIMITS[it.kind].advice
    return {"type": it.kind, "severity": it.severity, "description": it.sentence, "recommendation": advice}


def _opportunities(each: list[figures.Endpoint]) -> list[str]:
    slow = [it for it in each if (it.spread.quantile(0.95) or 0.0) >= figures.SLOW_SECONDS]
    said = [f"{it.name}: one in twenty takes a second or more" for it in slow]
    hit_rate = figures.caches().hit_rate
    rarely = hit_rate is not None and hit_rate < RARELY_HIT
    return said + ([f"the caches answer {hit_rate:.0%} of the reads"] if rarely else [])


def _scaling(it: appraisal.Bottleneck) -> str:
    return f"{it.sentence}; {appraisal.LIMITS[it.kind].advice}"


def _review(now: datetime, tight: bool) -> str:
    return (now + (AGAIN_SOON if tight else AGAIN_LATER)).date().isoformat()


def _error_percent(requests: figures.Endpoint) -> float | None:
    return round(requests.error_percent, 3) if requests.spread.count else None


def _times(spread: Spread) -> dict[str, float | None]:
    return {
        "avg_response_time": _milliseconds(spread.mean),
        "p50_response_time": _milliseconds(spread.quantile(0.5)),
        "p95_response_time": _milliseconds(spread.quantile(0.95)),
        "p99_response_time": _milliseconds(spread.quantile(0.99)),
    }


def _resources(machine: Machine) -> dict[str, Any]:
    return {
        "cpu_usage": machine.cpu,
        "memory_usage": machine.memory,
        "disk_usage": machine.disk,
        "network_io": {"bytes_sent": machine.sent, "bytes_received": machine.received},
        "uptime_seconds": machine.uptime,
    }


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 3)
