"""Completion through the API: progress, milestones with real times, active batches, the system's health."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from services.api.queues import verdict
from shared import wiring
from shared.adapters.gcp.bus import PubsubBus
from shared.events.messages import BatchFinished
from shared.topology import topology
from tests.support.chain import Chain
from tests.support.screens import (
    assert_problem,
    deliver_all,
    finished,
    one_answer,
    opened,
    paths,
    tell,
)

ROOT = "/api/v3/batch-completion"
ONE_BY_ONE = {"configuration": {"max_concurrent_jobs": 1}}


def body(chain: Chain, path: str) -> dict[str, Any]:
    """An answer."""
    reply = chain.api(f"{ROOT}/{path}")
    assert reply.status == 200, reply.raw
    found: dict[str, Any] = reply.body
    return found


def one_more(chain: Chain) -> None:
    """Half a minute passes and the next ligand is completed."""
    chain.clock.advance(timedelta(seconds=30))
    tell(chain, one_answer(chain))


def reached(chain: Chain, batch_id: str) -> dict[int, str]:
    """Threshold → the time at which it was reached."""
    found = body(chain, f"milestones/{batch_id}")["milestones"]
    return {it["threshold"]: it["reached_at"] for it in found if it["reached_at"]}


@pytest.mark.parametrize("path", ["milestones/{}", "batch/{}/progress"])
def test_an_unknown_batch_is_not_found(chain: Chain, path: str) -> None:
    assert_problem(chain.api(f"{ROOT}/{path.format('batch_nowhere')}"), 404)


def test_milestones_are_reached_one_after_the_other_and_keep_their_times(chain: Chain) -> None:
    batch_id = opened(chain, 4, **ONE_BY_ONE)
    assert reached(chain, batch_id) == {}
    begun = chain.clock.now()
    seen = []
    for _ in range(4):
        one_more(chain)
        seen.append(reached(chain, batch_id))
    times = [(begun + timedelta(seconds=30 * n)).isoformat() for n in range(1, 5)]
    assert list(seen[-1].values()) == [times[0], times[0], times[1], times[2], times[3], times[3]]
    assert [len(found) for found in seen] == [2, 3, 4, 6]
    assert all(early.items() <= late.items() for early, late in pairwise(seen))


def test_a_milestone_says_whether_it_is_reached_and_what_comes_next(chain: Chain) -> None:
    batch_id = opened(chain, 4, **ONE_BY_ONE)
    one_more(chain)
    found = body(chain, f"milestones/{batch_id}")
    assert found["current_percentage"] == 25.0
    assert [it["status"] for it in found["milestones"]] == ["reached"] * 2 + ["pending"] * 4
    assert found["next_milestone"] == 50
    assert found["milestone_summary"] == {
        "total_milestones": 6,
        "reached_milestones": 2,
        "remaining_milestones": 4,
    }


def test_rows_that_cannot_be_computed_count_from_the_first_pass_of_reconcile(chain: Chain) -> None:
    batch_id = opened(chain, 1, invalid=3)
    found = body(chain, f"milestones/{batch_id}")
    assert [it["status"] for it in found["milestones"]] == ["current"] * 4 + ["pending"] * 2
    chain.reconcile()
    assert list(reached(chain, batch_id)) == [10, 25, 50, 75]


def test_a_duplicate_or_late_message_moves_no_milestone(chain: Chain) -> None:
    batch_id = opened(chain, 2, **ONE_BY_ONE)
    chain.clock.advance(timedelta(seconds=1))
    envelope = one_answer(chain)
    tell(chain, envelope)
    before = reached(chain, batch_id)
    chain.clock.advance(timedelta(seconds=60))
    tell(chain, envelope)
    assert reached(chain, batch_id) == before
    chain.drain()
    done = reached(chain, batch_id)
    tell(chain, envelope)
    wiring.local_bus().publish([BatchFinished(batch_id=batch_id)])
    deliver_all(chain)
    assert reached(chain, batch_id) == done


def test_a_cancelled_batch_reaches_the_end_too(chain: Chain) -> None:
    batch_id = opened(chain, 3)
    chain.api(f"/api/v3/batches/{batch_id}/control/cancel", "POST")
    chain.drain()
    assert len(reached(chain, batch_id)) == 6


def test_progress_tells_counts_rate_and_what_is_left(chain: Chain) -> None:
    batch_id = opened(chain, 4, **ONE_BY_ONE)
    first = body(chain, f"batch/{batch_id}/progress?force_refresh=true")
    assert (first["status"], first["progress"]["percentage"]) == ("in_progress", 0.0)
    assert first["progress"]["estimated_completion_seconds"] is None
    assert first["performance"] == {"jobs_per_minute": None, "success_rate": None}
    one_more(chain)
    chain.clock.advance(timedelta(seconds=30))
    found = body(chain, f"batch/{batch_id}/progress")
    assert found["progress"]["completed_jobs"] == 1
    assert found["progress"]["estimated_completion_seconds"] == 90.0
    assert found["progress"]["last_updated"] == (chain.clock.now() - timedelta(seconds=30)).isoformat()
    assert found["performance"] == {"jobs_per_minute": 2.0, "success_rate": 100.0}
    assert found["milestones"] == {
        "available": [10, 25, 50, 75, 90, 100],
        "reached": [10, 25],
        "next_milestone": 50,
    }
    chain.drain()
    last = body(chain, f"batch/{batch_id}/progress")
    assert (last["status"], last["progress"]["percentage"]) == ("completed", 100.0)
    assert last["milestones"]["next_milestone"] is None


def test_a_paused_batch_has_no_time_left_to_tell(chain: Chain) -> None:
    batch_id = opened(chain, 4, **ONE_BY_ONE)
    one_more(chain)
    chain.clock.advance(timedelta(seconds=30))
    chain.api(f"/api/v3/batches/{batch_id}/control/pause", "POST")
    assert body(chain, f"batch/{batch_id}/progress")["progress"]["estimated_completion_seconds"] is None
    assert chain.api(f"/api/v3/batches/{batch_id}/status").body["estimated_completion"] is None


def test_active_batches_come_in_pages_newest_first(chain: Chain) -> None:
    finished(chain, 1)
    ids = list[str]()
    for _ in range(3):
        chain.clock.advance(timedelta(seconds=1))
        ids.insert(0, opened(chain, 1))
    first = body(chain, "active-batches?limit=2")
    assert [batch["batch_id"] for batch in first["batches"]] == ids[:2]
    assert first["pagination"] == {"limit": 2, "has_more": True, "next_after": ids[1]}
    assert first["total_active_batches"] is None
    rest = body(chain, f"active-batches?after={ids[1]}")
    assert [batch["batch_id"] for batch in rest["batches"]] == ids[2:]
    assert body(chain, "active-batches")["total_active_batches"] == 3
    assert paths(chain.api(f"{ROOT}/active-batches?limit=101")) == ["limit"]


def test_the_status_names_the_newest_active_batches_and_says_when_there_are_more(chain: Chain) -> None:
    first = opened(chain, 2)
    chain.clock.advance(timedelta(seconds=1))
    second = opened(chain, 1)
    found = body(chain, "status?limit=1")
    assert (found["active_batches"], found["active_batch_ids"], found["has_more"]) == (1, [second], True)
    whole = body(chain, "status")
    assert whole["active_batch_ids"] == [second, first]
    assert whole["batch_progress"][first]["total_jobs"] == 2
    assert not whole["has_more"]


def test_the_health_of_the_system_is_measured(chain: Chain) -> None:
    found = body(chain, "system-health")
    assert (found["status"], found["statistics"]["active_batches"]) == ("healthy", 0)
    assert found["statistics"]["success_rate"] is None
    opened(chain, 2)
    for seconds, status in ((59, "healthy"), (1, "degraded"), (540, "unhealthy")):
        chain.clock.advance(timedelta(seconds=seconds))
        assert body(chain, "system-health")["status"] == status
    found = body(chain, "system-health")
    assert found["performance"]["messages_waiting"] == 2
    assert found["performance"]["oldest_due_seconds"] == 600.0
    assert found["statistics"]["total_jobs_monitored"] == 2
    deliver_all(chain)
    found = body(chain, "system-health")
    assert (found["status"], found["performance"]["runs_waiting"]) == ("healthy", 2)
    wiring.local_bus().park("job-queued", b"{}", reason="Malformed")
    assert body(chain, "system-health")["status"] == "degraded"


@pytest.mark.parametrize(
    ("ages", "letters", "status"),
    [
        ([], 0, "healthy"),
        ([59.9], 0, "healthy"),
        ([60.0], 0, "degraded"),
        ([], 1, "degraded"),
        ([599.9, 1], 3, "degraded"),
        ([1, 600.0], 0, "unhealthy"),
    ],
)
def test_the_verdict_changes_at_its_thresholds(ages: list[float], letters: int, status: str) -> None:
    assert verdict(max(ages, default=0.0), open_letters=letters) == status


@pytest.fixture
def silent_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bus that cannot tell how long its queues are; nothing is asked of it but that."""
    bus = PubsubBus("a-project", prefix="omtx", table=topology())
    monkeypatch.setattr(wiring, "queues", lambda: bus)


@pytest.mark.usefixtures("silent_queues")
def test_queues_of_which_the_bus_cannot_tell_are_unknown_not_empty(chain: Chain) -> None:
    opened(chain, 2)
    queues = chain.api("/api/v3/system/activity").body["queues"]
    names = {name for names in topology().subscriptions().values() for name in names}
    assert {queue["subscription"] for queue in queues} == names
    for queue in queues:
        assert (queue["messages"], queue["more"], queue["oldest_due_seconds"]) == (None, False, None)


@pytest.mark.usefixtures("silent_queues")
def test_a_system_whose_queues_are_unknown_is_not_called_healthy(chain: Chain) -> None:
    found = body(chain, "system-health")
    assert found["status"] == "unknown"
    assert found["performance"]["messages_waiting"] is None
    assert found["performance"]["oldest_due_seconds"] is None
    wiring.local_bus().park("job-queued", b"{}", reason="Malformed")
    assert body(chain, "system-health")["status"] == "degraded"


def test_activity_shows_batches_queues_runs_and_dead_letters(chain: Chain) -> None:
    batch_id = opened(chain, 3)
    chain.clock.advance(timedelta(seconds=5))
    found = chain.api("/api/v3/system/activity").body
    [batch] = found["batches"]
    assert (batch["batch_id"], batch["name"], batch["total_jobs"]) == (batch_id, "a screen", 3)
    waits = {queue["subscription"]: queue for queue in found["queues"]}
    assert waits["dispatch-job-queued"] == {
        "subscription": "dispatch-job-queued",
        "messages": 3,
        "more": False,
        "oldest_due_seconds": 5.0,
    }
    assert waits["complete-job-finished"]["oldest_due_seconds"] is None
    deliver_all(chain)
    chain.taken(limit=1)
    chain.clock.advance(timedelta(seconds=2))
    found = chain.api("/api/v3/system/activity").body
    [run] = found["engine"]["runs"]
    assert (run["batch_id"], run["ligand_name"], run["seconds"]) == (batch_id, "ligand 0", 2.0)
    assert (found["engine"]["busy"], found["engine"]["waiting_runs"]) == (1, 2)
    assert found["dead_letters"] == {"open": 0, "last": []}
