"""Completion, performance, health, and what operators look at."""

from tests.services.routes_of_features import Route

PROGRESS = "progress.total_jobs progress.completed_jobs progress.percentage progress.last_updated"

COMPLETION = (
    Route(
        "POST",
        "/api/v3/batch-completion/batch/{batch_id}/force-refresh",
        "S",
        f"message {PROGRESS} updated_batch.batch_id",
    ),
    Route(
        "POST",
        "/api/v3/batch-completion/batch/{batch_id}/simulate-completion",
        "S",
        call="/api/v3/batch-completion/batch/x/simulate-completion?job_id=y",
        running=403,  # never but where tests ask for it
        finished=403,
    ),
)
PERFORMANCE = (
    Route(
        "GET",
        "/api/v3/performance/metrics",
        "S",
        "timestamp api_performance.avg_response_time api_performance.cache_hit_rate "
        "api_performance.total_requests api_performance.connection_pool_usage "
        "database_performance.avg_query_time database_performance.active_connections "
        "database_performance.query_count database_performance.slow_queries cache_performance.hit_rate "
        "cache_performance.entries cache_performance.size_mb cache_performance.evictions "
        "system_resources.cpu_usage system_resources.memory_usage system_resources.disk_usage "
        "system_resources.network_io system_resources.uptime_seconds optimization_recommendations",
    ),
    Route("GET", "/api/v3/performance/api-endpoints", "S"),
    Route(
        "GET",
        "/api/v3/performance/optimization-report",
        "S",
        "report_timestamp overall_health_score performance_summary bottlenecks optimization_opportunities "
        "scaling_recommendations next_review_date",
    ),
)
HEALTH = (
    Route("GET", "/health/live", "P", "status function"),
    Route("GET", "/health/ready", "P", "status function dependencies"),
    Route("GET", "/api/system/status", "P", "status timestamp queues[].subscription queues[].messages"),
    Route("GET", "/api/v3/health/status", "P", "status timestamp dependencies"),
    Route("GET", "/api/v3/health/services", "P", "status services[].name services[].status"),
    Route("GET", "/api/v3/health/service/{name}", "P", "name status", "/api/v3/health/service/dispatch"),
    Route("GET", "/api/v3/health/dependencies", "P", "status dependencies"),
)
OPERATION = (
    Route("GET", "/api/v3/system/activity", "P", "timestamp batches[].batch_id batches[].percentage"),
    Route("GET", "/api/v3/dead-letters", "P", "dead_letters open pagination.has_more"),
    Route("GET", "/api/v3/dead-letters/{letter_id}", "P", running=404, finished=404),
    Route("POST", "/api/v3/dead-letters/replay", "P", "replayed unreadable left parked_by next_after"),
    Route("POST", "/api/v3/dead-letters/{letter_id}/replay", "P", running=404, finished=404),
    Route(
        "POST",
        "/api/v3/dead-letters/{letter_id}/discard",
        "P",
        body={"reason": "known"},
        running=404,
        finished=404,
    ),
)
ROUTES = (*COMPLETION, *PERFORMANCE, *HEALTH, *OPERATION)
