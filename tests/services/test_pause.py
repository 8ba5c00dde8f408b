"""Pausing and resuming: what runs goes on, what waits is held back, and nothing is lost or done twice."""

from datetime import timedelta

import pytest

from tests.support.chain import Chain
from tests.support.functions import Reply
from tests.support.screens import assert_problem, finished, opened, status


def ask(chain: Chain, batch_id: str, action: str) -> Reply:
    """One control action."""
    return chain.api(f"/api/v3/batches/{batch_id}/control/{action}", "POST")


def let_pass(chain: Chain, rounds: int = 10) -> None:
    """Everything that is due happens, and the sweeper looks, for a quarter of an hour."""
    for _ in range(rounds):
        while chain.step():
            pass
        chain.clock.advance(timedelta(seconds=90))
        chain.reconcile()


def test_a_paused_batch_finishes_what_runs_and_starts_nothing_more(chain: Chain) -> None:
    batch_id = opened(chain, 6, configuration={"max_concurrent_jobs": 2})
    for delivery in chain.leased():
        chain.settle_delivery(delivery, chain.deliver(delivery))
    assert ask(chain, batch_id, "pause").status == 200
    let_pass(chain)
    stands = status(chain, batch_id)
    assert stands["status"] == "paused"
    assert stands["accounting"]["completed"] == 2
    assert stands["accounting"]["running"] == 0
    assert stands["invariant_holds"]


def test_a_paused_batch_goes_on_when_it_is_resumed_and_each_ligand_is_settled_once(chain: Chain) -> None:
    batch_id = opened(chain, 6, configuration={"max_concurrent_jobs": 2})
    ask(chain, batch_id, "pause")
    let_pass(chain)
    assert status(chain, batch_id)["accounting"]["completed"] == 0
    assert ask(chain, batch_id, "resume").status == 200
    chain.drain()
    stands = status(chain, batch_id)
    assert (stands["status"], stands["accounting"]["completed"]) == ("completed", 6)


def test_a_retry_that_falls_due_in_a_pause_waits_for_its_end(chain: Chain) -> None:
    batch_id = opened(chain, 1, parameters={"failure_rate": 0.0})
    [delivery] = chain.leased()
    chain.settle_delivery(delivery, chain.deliver(delivery))
    [call] = chain.taken()
    ask(chain, batch_id, "pause")
    let_pass(chain, rounds=3)
    assert status(chain, batch_id)["accounting"]["running"] == 1
    chain.webhook(chain.run(call))
    chain.drain()
    assert status(chain, batch_id)["status"] == "completed"


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_asking_twice_is_no_mistake(chain: Chain, action: str) -> None:
    batch_id = opened(chain, 2)
    assert [ask(chain, batch_id, action).status for _ in range(2)] == [200, 200]
    ask(chain, batch_id, "resume")
    chain.drain()
    assert status(chain, batch_id)["accounting"]["completed"] == 2


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_a_batch_that_is_over_can_be_neither_paused_nor_resumed(chain: Chain, action: str) -> None:
    batch_id = finished(chain, 2)
    reply = ask(chain, batch_id, action)
    assert_problem(reply, 409)
    assert f"nothing left to {action}" in reply.body["detail"]


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_a_batch_that_is_being_cancelled_can_be_neither_paused_nor_resumed(chain: Chain, action: str) -> None:
    batch_id = opened(chain, 2)
    ask(chain, batch_id, "cancel")
    reply = ask(chain, batch_id, action)
    assert_problem(reply, 409)
    assert "is being cancelled" in reply.body["detail"]


def test_a_paused_batch_can_be_cancelled(chain: Chain) -> None:
    batch_id = opened(chain, 3)
    ask(chain, batch_id, "pause")
    ask(chain, batch_id, "cancel")
    chain.drain()
    stands = status(chain, batch_id)
    assert (stands["status"], stands["accounting"]["cancelled"]) == ("cancelled", 3)
