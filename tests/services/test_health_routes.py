"""Health as dashboards ask for it; each answer is what was found this moment."""

from datetime import timedelta

import pytest

from services.api.answers import batches as of_batches
from services.api.answers import health as of_health
from shared import wiring
from shared.topology import topology
from tests.support.boundaries import Fault
from tests.support.chain import Chain
from tests.support.screens import assert_problem, finished

KINDS = {
    "/health": of_health.HealthInShort,
    "/api/v3/health/status": of_health.HealthOverall,
    "/api/v3/health/services": of_health.Services,
    "/api/v3/health/service/dispatch": of_health.Service,
    "/api/v3/health/dependencies": of_health.Dependencies,
    "/api/system/status": of_health.SystemStatus,
}


@pytest.mark.parametrize(("path", "kind"), KINDS.items())
def test_an_answer_is_as_it_is_described(chain: Chain, path: str, kind: type[of_health.Service]) -> None:
    reply = chain.api(path)
    assert reply.status == 200, reply.raw
    kind.model_validate(reply.body, extra="forbid")
    assert reply.body["status"] in ("ok", "healthy")


def test_every_function_is_listed_and_one_without_a_queue_is_not_judged(chain: Chain) -> None:
    told = {it["name"]: it for it in chain.api("/api/v3/health/services").body["services"]}
    assert set(told) == set(topology().functions)
    assert told["submit"]["status"] is None
    assert told["complete"]["queue"]["messages"] == 0
    assert_problem(chain.api("/api/v3/health/service/nobody"), 404)


def test_a_message_that_nobody_takes_makes_its_function_ill_and_no_other(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues = wiring.queues().queues(most=10)
    late = [
        queue.__class__(queue.subscription, 1, chain.clock.now() - timedelta(minutes=11))
        if queue.subscription == "complete-job-finished"
        else queue
        for queue in queues
    ]
    monkeypatch.setattr(wiring.queues(), "queues", lambda *, most: late)
    found = chain.api("/api/v3/health/services").body
    assert found["status"] == "unhealthy"
    ill = [it["name"] for it in found["services"] if it["status"] == "unhealthy"]
    assert ill == ["complete"]
    assert chain.api("/api/v3/health/status").body["oldest_due_seconds"] == 660


def test_a_dead_letter_degrades_the_whole(chain: Chain) -> None:
    wiring.local_bus().park("job-queued", b"{}", reason="Malformed")
    found = chain.api("/api/v3/health/status").body
    assert (found["status"], found["open_dead_letters"]) == ("degraded", 1)
    assert chain.api("/api/system/status").body["dead_letters"] == {"open": 1}


def test_a_dependency_that_does_not_answer_is_named(chain: Chain) -> None:
    chain.boundaries.plan = lambda number, name: Fault.FAIL_BEFORE if name.startswith("blobs.") else None
    found = chain.api("/api/v3/health/dependencies").body
    assert found["status"] == "unhealthy"
    assert found["dependencies"] == {"ledger": "ok", "objects": "Unavailable", "secrets": "ok"}
    assert chain.api("/api/v3/health/status").body["status"] == "unhealthy"


def test_analytics_control_and_deletion_answer_as_they_are_described(chain: Chain) -> None:
    batch_id = finished(chain, 3)
    root = f"/api/v3/batches/{batch_id}"
    for method, path, kind in (
        ("GET", "/analytics", of_batches.Analytics),
        ("GET", "/analytics?include_performance=false&include_insights=false", of_batches.Analytics),
        ("DELETE", "", of_batches.Deleted),
    ):
        reply = chain.api(f"{root}{path}", method)
        assert reply.status == 200, reply.raw
        kind.model_validate(reply.body, extra="forbid")


def test_every_action_answers_as_it_is_described(chain: Chain) -> None:
    failed = finished(chain, 2, parameters={"failure_rate": 1})
    for action in ("retry_failed", "pause", "resume", "cancel"):
        reply = chain.api(f"/api/v3/batches/{failed}/control/{action}", "POST")
        assert reply.status == 200, reply.raw
        of_batches.Controlled.model_validate(reply.body, extra="forbid")
