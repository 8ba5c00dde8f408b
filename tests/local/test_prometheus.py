"""``/metrics`` of the embedded server, as Prometheus reads it."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import ASGIApp, Receive, Scope, Send

from local.metrics import metrics
from shared.metrics import REGISTRY
from tests.local.running import QUICK, Running
from tests.support.asgi import asked
from tests.support.chain import chain_at
from tests.support.orders import noop_order

LONGEST = 60
"""Series of one metric that a small screen may make; an id as a label would make more."""


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """By name and labels."""
    return {
        (it.name, frozenset(it.labels.items())): it.value
        for family in text_string_to_metric_families(text)
        for it in family.samples
    }


def test_a_screen_is_seen_by_prometheus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)
    REGISTRY.clear()  # of what other tests of this process left
    with Running(tmp_path) as running:
        batch = running.submit(noop_order(20, parameters={"crash_attempts": 0}))
        running.settled(batch, 20)
        reply = running.client.get("/metrics")
        assert reply.headers["content-type"].startswith("text/plain")
        assert batch not in reply.text
        seen = samples(reply.text)

    def of(name: str, **labels: str) -> float:
        return sum(
            value for (it, has), value in seen.items() if it == name and labels.items() <= dict(has).items()
        )

    assert of("omtx_jobs_settled_total", model="noop", kind="completed") >= 20
    assert of("omtx_step_seconds_count", function="dispatch", outcome="done") >= 20
    assert of("omtx_request_seconds_count", function="submit", route="/api/v3/batches/submit") >= 1
    assert of("omtx_port_seconds_count", port="ledger", operation="settle") >= 20
    assert of("omtx_workers") == 2
    assert ("omtx_queue_messages", frozenset({("subscription", "dispatch-job-queued")})) in seen
    assert of("omtx_dead_letters_open") == 0
    series = [name for name, has in seen if not name.endswith("_bucket")]
    assert max(map(series.count, series)) < LONGEST


def test_another_machine_is_not_told(tmp_path: Path) -> None:
    with chain_at(tmp_path):
        status, body, _ = asked(_from("192.0.2.7"), "GET", "/metrics", b"", {})
    assert (status, b"omtx_" in body) == (403, False)


def _from(address: str) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await metrics({**scope, "client": (address, 5)}, receive, send)

    return app
