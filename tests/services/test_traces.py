"""One screen is one trace, from the order to the artefacts; what a collector of OpenTelemetry is sent."""

import base64
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from cli.frame import frame
from shared import wiring
from shared.models.work import Envelope, Failure, FailureClass
from shared.tracing import MOST_LIGANDS, headers_of, is_chosen, mark, place_of
from tests.repo.test_packages import ROOT
from tests.support.chain import Chain, chain_at
from tests.support.collector import Collector, Seen
from tests.support.functions import call
from tests.support.orders import noop_order

LOST = Failure(kind=FailureClass.INFRASTRUCTURE, message="the machine went away")
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CALLER = {"traceparent": f"00-{TRACE}-{SPAN}-01"}


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that listens."""
    with Collector().served() as collector:
        yield collector


@pytest.fixture
def traced(tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    """A chain that sends its spans to the collector."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    with chain_at(tmp_path) as chain:
        yield chain


def sent() -> None:
    """Everything has arrived."""
    wiring.tracer().close()


def lost(envelope: Envelope) -> Envelope:
    """The same run, come to nothing."""
    changes = {"status": "failed", "failure": LOST, "metrics": {}, "artefacts": ()}
    return envelope.model_copy(update=changes)


def deliver(chain: Chain) -> int:
    """Bring what is due, once."""
    found = chain.leased()
    for delivery in found:
        chain.settle_delivery(delivery, chain.deliver(delivery))
    return len(found)


def only(spans: list[Seen]) -> Seen:
    """The one there is."""
    [span] = spans
    return span


def test_a_screen_is_one_trace_with_every_step_under_what_brought_it_about(
    traced: Chain, collector: Collector
) -> None:
    batch_id = call("submit", "POST", "/", noop_order(3), CALLER).body["batch_id"]
    traced.drain()
    sent()

    assert collector.paths == {"/v1/traces"}
    submit = only(collector.named("submit"))
    assert (submit.trace, submit.parent, submit.fields["batch_id"]) == (TRACE, SPAN, batch_id)
    steps = [it for it in collector.spans if it.fields.get("batch_id") == batch_id]
    assert {it.trace for it in steps} == {TRACE}
    assert only(collector.named("aggregate")).parent == submit.span
    for name, above in {
        "dispatch": "submit",
        "run": "dispatch",
        "webhook": "run",
        "complete": "webhook",
    }.items():
        parents = {it.span: it for it in collector.named(above)}
        spans = collector.named(name)
        assert len(spans) == 3, name
        for span in spans:
            assert parents[span.parent].fields.get("job_id", span.fields["job_id"]) == span.fields["job_id"]
            assert span.began <= span.ended
    assert not any(it.failed for it in steps)


def test_a_retry_goes_on_in_the_trace_of_its_ligand(traced: Chain, collector: Collector) -> None:
    traced.submit(noop_order(1))
    deliver(traced)
    [first] = traced.taken()
    traced.webhook(lost(traced.run(first)))
    traced.drain()
    sent()

    one, two = collector.named("run")
    assert (one.fields["attempt"], one.failed) == (1, True)
    assert (two.fields["attempt"], two.failed) == (2, False)
    first_end = collector.named("complete")[0]
    second_start = next(it for it in collector.named("dispatch") if it.fields["attempt"] == 2)
    assert second_start.parent == first_end.span
    assert two.parent == second_start.span
    assert len({it.trace for it in collector.spans if it.name in ("submit", "run", "aggregate")}) == 1


def test_a_message_that_comes_twice_is_two_spans_under_one(traced: Chain, collector: Collector) -> None:
    traced.submit(noop_order(1))
    [delivery] = traced.leased()
    assert traced.deliver(delivery)
    assert traced.deliver(delivery)
    traced.settle_delivery(delivery, acknowledged=True)
    sent()
    submit = only(collector.named("submit"))
    assert [it.parent for it in collector.named("dispatch")] == [submit.span] * 2


def test_what_reconcile_helps_belongs_to_the_trace_of_its_batch(traced: Chain, collector: Collector) -> None:
    batch_id = traced.submit(noop_order(2)).body["batch_id"]
    for delivery in traced.leased():
        traced.settle_delivery(delivery, acknowledged=True)  # lost
    traced.drain()
    sent()
    submit = only(collector.named("submit"))
    dispatched = collector.named("dispatch")
    assert {(it.trace, it.parent) for it in dispatched} == {(submit.trace, submit.span)}
    assert only(collector.named("aggregate")).fields["batch_id"] == batch_id
    assert all(it.trace != submit.trace for it in collector.named("reconcile"))


def test_a_caller_who_does_not_want_a_trace_gets_none(traced: Chain, collector: Collector) -> None:
    call("submit", "POST", "/", noop_order(2), {"traceparent": f"00-{TRACE}-{SPAN}-00"})
    traced.drain(reconciling=False)
    sent()
    assert [it for it in collector.spans if it.trace == TRACE] == []


def test_what_cannot_be_helped_is_an_error_in_its_trace(traced: Chain, collector: Collector) -> None:
    body = json.dumps({"message": {"data": "AAAA", "attributes": CALLER}}).encode()
    assert call("complete", "POST", "/", body).status == 204
    sent()
    span = only(collector.named("complete"))
    assert (span.trace, span.parent, span.failed, span.fields["outcome"]) == (TRACE, SPAN, True, "parked")


def test_a_message_that_was_given_up_is_told_with_its_reason_and_its_trace(chain: Chain) -> None:
    batch_id = call("submit", "POST", "/", noop_order(1), CALLER).body["batch_id"]
    [delivery] = chain.leased()
    said = json.loads(delivery.data)
    said["ref"]["attempt"] = 0
    data = base64.b64encode(json.dumps(said).encode()).decode()
    body = {"message": {"data": data, "attributes": dict(delivery.attributes)}}
    assert call("dispatch", "POST", "/", body).status == 204
    [letter] = chain.api("/api/v3/system/activity").body["dead_letters"]["last"]
    assert (letter["batch_id"], letter["trace"], letter["topic"]) == (batch_id, TRACE, "job-queued")
    assert "attempt" in letter["reason"]
    shown = io.StringIO()
    activity = chain.api("/api/v3/system/activity").body
    Console(file=shown, width=70).print(frame(activity, has_server=True, width=70))
    assert TRACE in shown.getvalue().replace("\n", "")
    assert max(map(len, shown.getvalue().splitlines())) <= 70


def test_a_collector_that_is_gone_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")
    with chain_at(tmp_path) as chain:
        batch_id = chain.submit(noop_order(2)).body["batch_id"]
        chain.drain()
        assert chain.api(f"/api/v3/batches/{batch_id}/status").body["status"] == "completed"


def test_without_a_collector_the_trace_is_the_same_in_every_message_and_order(chain: Chain) -> None:
    call("submit", "POST", "/", noop_order(2), CALLER)
    taken = chain.leased()
    assert {it.attributes["traceparent"] for it in taken} == {CALLER["traceparent"]}
    for delivery in taken:
        chain.settle_delivery(delivery, chain.deliver(delivery))
    orders = [it.order for it in chain.taken()]
    assert {(it.trace or {})["traceparent"] for it in orders} == {CALLER["traceparent"]}


PROGRAM = """
import sys
from tests.support.functions import load
load("dispatch")
print(sorted(name for name in sys.modules if name.startswith(("opentelemetry.sdk", "google.auth"))))
"""


def test_without_a_collector_opentelemetry_is_not_imported() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, "[]"), ran.stderr


@pytest.mark.parametrize("jobs", [1_001, 50_000, 1_000_000])
def test_of_a_large_library_about_a_thousand_ligands_have_spans(jobs: int) -> None:
    seen = range(0, jobs, max(1, jobs // 50_000))
    share = sum(is_chosen(f"job_{number}", jobs) for number in seen) / len(seen)
    wanted = MOST_LIGANDS / jobs
    assert abs(share - wanted) < 4 * (wanted / len(seen)) ** 0.5


def test_a_small_library_has_spans_for_every_ligand() -> None:
    assert all(is_chosen(f"job_{number}", MOST_LIGANDS) for number in range(MOST_LIGANDS))


@pytest.mark.parametrize(
    "state",
    ["", "omtx=", "omtx=zz-1-3", "omtx=b7ad6b7169203331-1-0", "x" * 5000, "omtx=b7ad6b7169203331-2-3"],
)
def test_a_state_of_somebody_else_is_not_ours(state: str) -> None:
    place = place_of(CALLER | {"tracestate": state})
    assert place is not None
    assert place.lead is None
    assert headers_of(place) == CALLER


def test_outside_of_any_step_a_message_carries_nothing() -> None:
    assert mark("job_1", goes_on=False) == {}
