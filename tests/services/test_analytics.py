"""Analytics through the API: figures from counters and a bounded sample, null where nothing is known."""

from datetime import timedelta
from typing import Any

import pytest

from services.api import analytics
from tests.support.chain import Chain
from tests.support.screens import assert_problem, deliver_all, finished, opened, paths, status

KEYS = ("average_execution_time", "fastest_job", "slowest_job", "execution_variance", "throughput")


def told(chain: Chain, batch_id: str, query: str = "") -> dict[str, Any]:
    """The analytics of a batch."""
    reply = chain.api(f"/api/v3/batches/{batch_id}/analytics{query}")
    assert reply.status == 200, reply.raw
    found: dict[str, Any] = reply.body
    return found


def run_all(chain: Chain, *seconds: float) -> None:
    """Ligands are run one after the other, each for so long, with half a minute between them."""
    for taken in seconds:
        deliver_all(chain)
        deliver_all(chain)
        [call] = chain.taken()
        begun = chain.clock.now()
        chain.clock.advance(timedelta(seconds=taken))
        envelope = chain.run(call).model_copy(update={"started_at": begun})
        chain.webhook(envelope)
        chain.clock.advance(timedelta(seconds=30))
    deliver_all(chain)


def test_an_unknown_batch_is_not_found(chain: Chain) -> None:
    assert_problem(chain.api("/api/v3/batches/batch_nowhere/analytics"), 404)


def test_before_the_first_ligand_nothing_is_made_up(chain: Chain) -> None:
    found = told(chain, opened(chain, 3))
    assert found["performance"] == dict.fromkeys(KEYS)
    assert found["batch_intelligence"]["completion_trend"] == "insufficient_data"
    assert found["batch_intelligence"]["estimated_completion_seconds"] is None
    assert set(found["batch_intelligence"]["children"].values()) == {None}
    assert found["ai_insights"]["performance_assessment"] == "unknown"
    assert found["ai_insights"]["resource_efficiency"] is None
    assert found["sample"] == {"sampled": False, "outcomes": 0}


def test_times_of_runs_are_those_of_their_envelopes(chain: Chain) -> None:
    batch_id = opened(chain, 3, configuration={"max_concurrent_jobs": 1})
    run_all(chain, 10, 20, 30)
    chain.drain()
    found = told(chain, batch_id)
    assert found["performance"] == {
        "average_execution_time": 20.0,
        "fastest_job": 10.0,
        "slowest_job": 30.0,
        "execution_variance": 100.0,
        "throughput": 72.0,
    }
    children = found["batch_intelligence"]["children"]
    assert (children["current_success_rate"], children["failure_rate"]) == (100.0, 0.0)
    assert children["concurrent_executions"] == 0.4
    assert found["batch_intelligence"]["batch_health"] == "excellent"
    assert found["ai_insights"]["performance_assessment"] == "excellent"
    assert found["ai_insights"]["optimization_recommendations"] == []


def test_a_batch_that_fails_is_told_to_review_its_input(chain: Chain) -> None:
    batch_id = finished(chain, 3, parameters={"failure_rate": 1.0})
    found = told(chain, batch_id)
    assert "100 % of the ligands failed" in found["ai_insights"]["optimization_recommendations"][0]
    assert found["batch_intelligence"]["batch_health"] == "unhealthy"
    assert status(chain, batch_id)["insights"]["performance_rating"] == "poor"


def test_parts_can_be_left_out(chain: Chain) -> None:
    batch_id = opened(chain, 1)
    assert told(chain, batch_id, "?include_performance=false")["performance"] is None
    assert told(chain, batch_id, "?include_insights=false")["ai_insights"] is None
    assert paths(chain.api(f"/api/v3/batches/{batch_id}/analytics?include_insights=maybe")) == [
        "include_insights"
    ]


def test_who_wants_no_prediction_gets_none(chain: Chain) -> None:
    narrow = {"max_concurrent_jobs": 1}
    batch_id = opened(chain, 2, configuration={**narrow, "enable_predictive_completion": False})
    run_all(chain, 10)
    assert status(chain, batch_id)["accounting"]["completed"] == 1
    assert status(chain, batch_id)["estimated_completion"] is None
    other = opened(chain, 2, configuration={**narrow, "enable_performance_analytics": False})
    assert "performance_rating" not in status(chain, other)["insights"]
    assert "performance_rating" in status(chain, batch_id)["insights"]


def test_a_retry_is_told_by_its_own_round(chain: Chain) -> None:
    batch_id = finished(chain, 4, parameters={"failure_rate": 1.0, "failing_rounds": 1})
    chain.clock.advance(timedelta(hours=9))
    chain.api(f"/api/v3/batches/{batch_id}/control/retry_failed", "POST")
    assert status(chain, batch_id)["estimated_completion"] is None
    chain.reconcile()
    waiting = told(chain, batch_id)["batch_intelligence"]
    assert waiting["estimated_completion_seconds"] is None
    chain.drain()
    found = told(chain, batch_id)
    assert found["batch_intelligence"]["progress"]["completed"] == 4
    assert found["sample"]["outcomes"] == 4


def test_of_a_large_batch_the_outcomes_around_the_present_are_a_sample(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analytics, "MOST_SAMPLED", 4)
    found = told(chain, finished(chain, 12))
    assert found["sample"]["sampled"]
    assert 1 <= found["sample"]["outcomes"] <= 4
    assert found["batch_intelligence"]["progress"]["completed"] == 12
