"""The embedded server with its pool and queues, seen by a collector of OpenTelemetry."""

from pathlib import Path

import pytest

from tests.local.running import QUICK, Running, until
from tests.support.collector import Collector
from tests.support.orders import noop_order

STEPS = {"submit", "dispatch", "run", "webhook", "complete", "aggregate"}


def test_a_screen_whose_workers_die_once_is_one_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Collector().served() as collector:
        for name, value in (QUICK | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}).items():
            monkeypatch.setenv(name, value)
        with Running(tmp_path) as running:
            batch = running.submit(noop_order(2, parameters={"crash_attempts": 1}))
            status = f"/api/v3/batches/{batch}/status"
            until(lambda: running.client.get(status).json()["status"] == "completed")

    [submit] = collector.named("submit")
    own = [it for it in collector.spans if it.trace == submit.trace]
    assert {it.name for it in own} == STEPS
    runs = collector.named("run", submit.trace)
    assert sorted((it.fields["attempt"], it.failed) for it in runs) == [(1, True)] * 2 + [(2, False)] * 2
    known = {it.span for it in own}
    assert all(it.parent in known for it in own if it is not submit)
