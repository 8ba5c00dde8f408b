"""What the performance routes answer with, for the OpenAPI document. Times are in milliseconds."""

from datetime import date, datetime
from typing import Literal

from shared.models.base import Frozen

Scope = Literal["instance"]


class Times(Frozen):
    """Of all requests of this instance; null while there was none."""

    avg_response_time: float | None
    p50_response_time: float | None
    p95_response_time: float | None
    p99_response_time: float | None


class ApiPerformance(Times):
    """``errors`` are answers of 5xx; a hit rate is null where there is no cache."""

    cache_hit_rate: float | None
    total_requests: int
    errors: int
    connection_pool_usage: float | None


class DatabasePerformance(Frozen):
    """Operations of the ledger; slow ones took more than a second."""

    avg_query_time: float | None
    p95_query_time: float | None
    active_connections: int | None
    query_count: int
    slow_queries: int


class CachePerformance(Frozen):
    """All null where there is no cache."""

    hit_rate: float | None
    entries: int | None
    size_mb: float | None
    evictions: int | None


class Network(Frozen):
    """Since the machine began."""

    bytes_sent: int
    bytes_received: int


class Resources(Frozen):
    """Of the machine, in per cent; ``uptime_seconds`` is that of this process."""

    cpu_usage: float
    memory_usage: float
    disk_usage: float
    network_io: Network
    uptime_seconds: float


class PerformanceMetrics(Frozen):
    """Each instance knows of itself alone."""

    timestamp: datetime
    scope: Scope
    api_performance: ApiPerformance
    database_performance: DatabasePerformance
    cache_performance: CachePerformance
    system_resources: Resources
    optimization_recommendations: list[str]


class EndpointFigures(Frozen):
    """A method and the template of a route; ``refused_percent`` are answers of 4xx."""

    endpoint: str
    avg_response_time_ms: float | None
    p50_response_time_ms: float | None
    p95_response_time_ms: float | None
    p99_response_time_ms: float | None
    request_count: int
    error_rate_percent: float
    refused_percent: float
    cache_hit_rate_percent: float | None


class BottleneckFound(Frozen):
    """Something beyond its limit; ``critical`` from half way to the worst that it can be."""

    type: Literal["cpu", "memory", "disk", "errors", "p95", "failures"]
    severity: Literal["warning", "critical"]
    description: str
    recommendation: str


class PerformanceSummary(Times, Resources):
    """What the report judges."""

    total_requests: int
    error_rate_percent: float | None
    failed_jobs_percent: float | None


class OptimizationReport(Frozen):
    """``overall_health_score``: 100, less 15 to 25 for each bottleneck."""

    report_timestamp: datetime
    scope: Scope
    overall_health_score: float
    performance_summary: PerformanceSummary
    bottlenecks: list[BottleneckFound]
    optimization_opportunities: list[str]
    scaling_recommendations: list[str]
    next_review_date: date
