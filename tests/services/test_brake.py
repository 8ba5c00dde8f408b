"""The brake at work: what is held back, what is let go, and that it never holds back everything."""

from datetime import timedelta
from typing import Any

import pytest

from shared import wiring
from shared.models.facts import Pace
from tests.support.boundaries import Fault
from tests.support.chain import Chain
from tests.support.screens import answers, deliver_all, opened, status, tell, waiting

AWARE = {"scheduling_strategy": "resource_aware"}


def brake(chain: Chain, batch_id: str, limit: int) -> None:
    """A look that came to this limit."""
    pace = Pace(limit=limit, reason="as the test wants", run_seconds=15, judged_at=chain.clock.now())
    chain.ledger.intend(batch_id, pace=pace)


def plan(chain: Chain, batch_id: str) -> dict[str, Any]:
    """What the owner is told of it."""
    told: dict[str, Any] = status(chain, batch_id)["execution_plan"]
    return told


def in_flight(chain: Chain, batch_id: str) -> int:
    """Ligands that were started and are not settled."""
    count: int = chain.ledger.in_flight(batch_id, 0)
    return count


def run_through(chain: Chain, batch_id: str) -> list[int]:
    """Settle one ligand at a time without any look; how many were in flight before each."""
    seen = list[int]()
    deliver_all(chain)
    calls = chain.taken()
    while calls:
        seen.append(in_flight(chain, batch_id))
        tell(chain, chain.run(calls.pop(0)))
        deliver_all(chain)
        calls += chain.taken()
    return seen


def test_a_resource_aware_screen_starts_with_what_is_free_and_a_small_buffer(chain: Chain) -> None:
    batch_id = opened(chain, 30, configuration=AWARE)
    assert waiting() == {"dispatch-job-queued": 3}
    told = plan(chain, batch_id)
    assert (told["window"], told["limit"]) == (30, 3)
    assert told["limit_reason"] == "0 of 2 runners are busy, 0 runs wait"
    assert told["limit_observed_at"] == chain.clock.now().isoformat()


def test_a_screen_of_short_runs_has_no_brake(chain: Chain) -> None:
    batch_id = opened(chain, 30)
    assert waiting() == {"dispatch-job-queued": 30}
    told = plan(chain, batch_id)
    assert (told["scheduling_strategy"], told["limit"], told["limit_reason"]) == ("adaptive", 30, None)


def test_each_settled_ligand_starts_one_other_until_the_last_without_any_look(chain: Chain) -> None:
    batch_id = opened(chain, 30, configuration=AWARE)
    seen = run_through(chain, batch_id)
    assert seen == [3] * 28 + [2, 1]
    assert status(chain, batch_id)["accounting"]["completed"] == 30


def test_what_is_over_the_limit_is_dropped_and_costs_nothing(chain: Chain) -> None:
    batch_id = opened(chain, 10)
    brake(chain, batch_id, 2)
    deliver_all(chain)
    assert (in_flight(chain, batch_id), waiting()) == (2, {})


def test_a_look_starts_at_once_what_a_grown_limit_has_room_for(chain: Chain) -> None:
    batch_id = opened(chain, 30, configuration=AWARE)
    deliver_all(chain)
    chain.taken()  # three run on two runners, none waits
    chain.reconcile()
    assert waiting() == {"dispatch-job-queued": 1}
    deliver_all(chain)
    assert (in_flight(chain, batch_id), plan(chain, batch_id)["limit"]) == (4, 4)


def test_a_queue_of_others_takes_the_limit_down_to_one_but_not_to_none(chain: Chain) -> None:
    opened(chain, 20)
    deliver_all(chain)
    batch_id = opened(chain, 5, configuration=AWARE)
    assert (plan(chain, batch_id)["limit"], waiting()) == (1, {"dispatch-job-queued": 1})
    chain.drain()
    assert status(chain, batch_id)["status"] == "completed"


def test_slow_runs_put_a_brake_on_an_adaptive_screen(chain: Chain) -> None:
    batch_id = opened(chain, 40)
    deliver_all(chain)
    took = timedelta(seconds=20)
    envelopes = [it.model_copy(update={"finished_at": it.started_at + took}) for it in answers(chain)]
    tell(chain, *envelopes[:8])
    chain.reconcile()
    told = plan(chain, batch_id)
    assert told["limit"] == 5
    assert told["limit_reason"].startswith("runs take 20 s on 2 runners")
    tell(chain, *envelopes[8:])
    chain.drain()
    assert status(chain, batch_id)["accounting"]["completed"] == 40


@pytest.mark.parametrize("lost", ["first", "handed on"])
def test_a_lost_message_is_made_good_at_the_next_look(chain: Chain, lost: str) -> None:
    batch_id = opened(chain, 6, configuration=AWARE)
    if lost == "handed on":
        deliver_all(chain)
        [one, *_] = answers(chain)
        chain.webhook(one)
        deliver_all(chain)
    for delivery in chain.leased():
        chain.settle_delivery(delivery, acknowledged=True)
    before = in_flight(chain, batch_id)
    chain.reconcile()
    deliver_all(chain)
    assert in_flight(chain, batch_id) > before


def test_two_orphaned_claims_do_not_wait_for_each_other(chain: Chain) -> None:
    batch_id = opened(chain, 4, configuration={"max_concurrent_jobs": 2})
    chain.boundaries.plan = lambda number, name: Fault.FAIL_AFTER if name == "engine.spawn" else None
    deliver_all(chain)
    chain.boundaries.plan = lambda number, name: None
    chain.taken()
    brake(chain, batch_id, 1)
    chain.clock.advance(timedelta(minutes=5))
    chain.reconcile()
    deliver_all(chain)
    assert wiring.local_calls().counts()["waiting"] == 2
    chain.drain()
    assert status(chain, batch_id)["status"] == "completed"


def test_a_paused_screen_is_not_filled_up_and_a_resumed_one_is(chain: Chain) -> None:
    batch_id = opened(chain, 30, configuration=AWARE)
    chain.api(f"/api/v3/batches/{batch_id}/control/pause", "POST")
    deliver_all(chain)
    chain.reconcile()
    assert (in_flight(chain, batch_id), waiting()) == (0, {})
    chain.api(f"/api/v3/batches/{batch_id}/control/resume", "POST")
    chain.reconcile()
    deliver_all(chain)
    assert in_flight(chain, batch_id) == 3


def test_an_engine_that_does_not_answer_refuses_no_screen(chain: Chain) -> None:
    chain.boundaries.plan = lambda number, name: Fault.FAIL_BEFORE if name == "engine.load" else None
    batch_id = opened(chain, 5, configuration=AWARE)
    assert (plan(chain, batch_id)["limit"], waiting()) == (5, {"dispatch-job-queued": 5})
