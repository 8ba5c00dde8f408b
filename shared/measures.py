"""What is measured, by name. The labels are named here, and their values are few: never an id."""

from shared.metrics import REGISTRY

REQUEST_SECONDS = REGISTRY.histogram(
    "omtx_request_seconds",
    "Requests by function, method, template of the route and status, and how long each took",
    ("function", "method", "route", "status"),
)
STEP_SECONDS = REGISTRY.histogram(
    "omtx_step_seconds",
    "Steps by function and how they ended, and how long each took",
    ("function", "outcome"),
)
PORT_SECONDS = REGISTRY.histogram(
    "omtx_port_seconds",
    "Calls of the ledger, the objects, the topics and the engine, and how long each took",
    ("port", "operation", "outcome"),
)
JOBS_SETTLED = REGISTRY.counter("omtx_jobs_settled", "Jobs that have their outcome", ("model", "kind"))
BATCHES_CLOSED = REGISTRY.counter(
    "omtx_batches_closed", "Batches whose artefacts were written", ("model", "status")
)
ATTEMPTS_RETRIED = REGISTRY.counter(
    "omtx_attempts_retried", "Failed attempts after which another was ordered", ("failure",)
)
AGGREGATE_SECONDS = REGISTRY.histogram(
    "omtx_aggregate_seconds", "From the claim of a full batch until its artefacts are written"
)
CACHE_READS = REGISTRY.counter(
    "omtx_cache_reads", "Reads that a cache answered (hit) or did not (miss)", ("cache", "result")
)
CACHE_EVICTIONS = REGISTRY.counter(
    "omtx_cache_evictions", "What a cache gave up for want of room", ("cache",)
)
CACHE_ENTRIES = REGISTRY.gauge("omtx_cache_entries", "What a cache holds", ("cache",))
CACHE_BYTES = REGISTRY.gauge("omtx_cache_bytes", "Room that a cache takes", ("cache",))
BREAKER_OPEN = REGISTRY.gauge("omtx_breaker_open", "1 while what is named is done without", ("what",))

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})


def count_request(function: str, method: str, route: str, status: int, seconds: float) -> None:
    """One request that was answered; ``route`` is a template, never a path as it came."""
    REQUEST_SECONDS.observe(seconds, function, method if method in METHODS else "other", route, str(status))
