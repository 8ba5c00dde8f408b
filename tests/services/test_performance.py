"""The performance routes say what was measured, and nothing else."""

import time
from collections.abc import Iterator

import pytest
from pydantic import TypeAdapter

from services.api.performance_answers import EndpointFigures, OptimizationReport, PerformanceMetrics
from shared.measures import CACHE_READS, JOBS_SETTLED, REQUEST_SECONDS
from shared.metrics import REGISTRY
from tests.support.boundaries import Fault
from tests.support.chain import Chain
from tests.support.functions import call
from tests.support.orders import noop_order

METRICS = "/api/v3/performance/metrics"
ENDPOINTS = "/api/v3/performance/api-endpoints"
REPORT = "/api/v3/performance/optimization-report"


@pytest.fixture(autouse=True)
def _unmeasured() -> Iterator[None]:
    """Figures outlive a test, as a process outlives its requests."""
    REGISTRY.clear()
    yield
    REGISTRY.clear()


def test_requests_are_counted_by_the_template_of_their_route(chain: Chain) -> None:
    batch_id = chain.submit(noop_order(2)).body["batch_id"]
    for _ in range(3):
        chain.api(f"/api/v3/batches/{batch_id}/status")
    chain.api("/api/v3/batches/b_none/status")
    chain.api("/no/such/route")

    found = chain.api(ENDPOINTS).body
    TypeAdapter(list[EndpointFigures]).validate_python(found)
    by_name = {it["endpoint"]: it for it in found}
    status = by_name["GET /api/v3/batches/{batch_id}/status"]
    assert (status["request_count"], status["refused_percent"], status["error_rate_percent"]) == (4, 25, 0)
    assert 0 < status["p50_response_time_ms"] <= status["p95_response_time_ms"]
    assert by_name["GET other"]["request_count"] == 1
    assert not any(batch_id in name for name in by_name)
    assert found[0] == status
    assert len(chain.api(f"{ENDPOINTS}?limit=1").body) == 1
    assert chain.api(f"{ENDPOINTS}?limit=0").status == 422


def test_figures_grow_with_what_happens(chain: Chain) -> None:
    before = chain.api(METRICS).body
    chain.submit(noop_order(3))
    chain.drain()
    after = chain.api(METRICS).body

    PerformanceMetrics.model_validate(after, extra="forbid")
    assert after["scope"] == "instance"
    assert after["api_performance"]["total_requests"] > before["api_performance"]["total_requests"]
    assert after["database_performance"]["query_count"] >= before["database_performance"]["query_count"] + 15
    assert after["database_performance"]["avg_query_time"] > 0
    assert 0 < after["system_resources"]["memory_usage"] < 100
    assert 0 < after["system_resources"]["disk_usage"] <= 100
    assert after["system_resources"]["uptime_seconds"] > 0


def test_what_the_processors_do_is_seen(chain: Chain) -> None:
    chain.api(METRICS)
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass
    assert chain.api(METRICS).body["system_resources"]["cpu_usage"] > 0


def test_without_a_cache_there_is_no_hit_rate(chain: Chain) -> None:
    body = chain.api(METRICS).body
    assert set(body["cache_performance"].values()) == {None}
    assert body["api_performance"]["cache_hit_rate"] is None


def test_the_hit_rate_is_that_of_the_reads(chain: Chain) -> None:
    CACHE_READS.add("results", "hit", amount=3)
    CACHE_READS.add("results", "miss")
    assert chain.api(METRICS).body["cache_performance"]["hit_rate"] == 0.75


def test_a_system_that_does_well_has_no_bottleneck_of_its_own_making(chain: Chain) -> None:
    chain.api("/health")
    body = chain.api(REPORT).body
    OptimizationReport.model_validate(body, extra="forbid")
    # The machine of a test may be busy.
    assert {it["type"] for it in body["bottlenecks"]} <= {"cpu", "memory", "disk"}


def test_failing_requests_slow_ones_and_failing_jobs_are_reported(chain: Chain) -> None:
    chain.boundaries.plan = lambda number, name: Fault.FAIL_BEFORE if name == "ledger.listed" else None
    for _ in range(30):
        assert chain.api("/api/v3/batches").status == 503
    REQUEST_SECONDS.observe(45.0, "api", "GET", "/health", "200")
    for _ in range(3):
        REQUEST_SECONDS.observe(45.0, "api", "GET", "/health", "200")
    JOBS_SETTLED.add("noop", "completed", amount=80)
    JOBS_SETTLED.add("noop", "failed", amount=20)

    body = chain.api(REPORT).body
    found = {it["type"]: it["severity"] for it in body["bottlenecks"]}
    assert found["errors"] == "critical"
    assert found["p95"] == "critical"
    assert found["failures"] == "warning"
    assert body["performance_summary"]["failed_jobs_percent"] == 20
    assert body["overall_health_score"] <= 100 - 3 * 15  # less still where the machine is busy
    assert any("GET /health" in it for it in body["optimization_opportunities"])


def test_settled_jobs_closed_batches_and_retries_are_counted(chain: Chain) -> None:
    chain.submit(noop_order(3))
    chain.drain()
    assert JOBS_SETTLED.values() == {("noop", "completed"): 3}
    [closed] = [it for it in REGISTRY if it.name == "omtx_batches_closed"]
    assert closed.values() == {("noop", "completed"): 1}  # type: ignore[union-attr]
    call("complete", "POST", "/", b"no message")
    steps = next(it for it in REGISTRY if it.name == "omtx_step_seconds")
    assert ("complete", "parked") in steps.spreads()  # type: ignore[union-attr]
