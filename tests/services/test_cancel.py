"""Cancelling: what waits never starts, what runs is stopped, and every open ligand is accounted for."""

from datetime import timedelta
from typing import Any

import pytest

from shared import wiring
from shared.ports.engine import Died
from tests.support.chain import Chain
from tests.support.functions import Reply
from tests.support.screens import (
    answers,
    assert_problem,
    deliver_all,
    finished,
    opened,
    paths,
    status,
    tell,
    waiting,
)


def cancel(chain: Chain, batch_id: str) -> Reply:
    """Ask for it."""
    return chain.api(f"/api/v3/batches/{batch_id}/control/cancel", "POST")


def half_done(chain: Chain) -> str:
    """One ligand completed, one running, one queued, two pending, one invalid."""
    batch_id = opened(chain, 5, invalid=1, configuration={"max_concurrent_jobs": 2})
    first, second = chain.leased()
    chain.settle_delivery(first, chain.deliver(first))
    chain.settle_delivery(second, chain.deliver(second))
    done, _running = chain.taken()
    chain.webhook(chain.run(done))
    [finish] = wiring.local_bus().lease("complete-job-finished", limit=9, visibility=timedelta(minutes=1))
    chain.settle_delivery(finish, chain.deliver(finish))
    return batch_id


def accounting(chain: Chain, batch_id: str) -> dict[str, int]:
    """The counts that are not zero."""
    counts: dict[str, Any] = status(chain, batch_id)["accounting"]
    return {kind: n for kind, n in counts.items() if n}


def test_every_open_ligand_becomes_cancelled_and_what_is_done_stays(chain: Chain) -> None:
    batch_id = half_done(chain)
    assert accounting(chain, batch_id) == {
        "submitted": 6,
        "completed": 1,
        "invalid": 1,
        "running": 1,
        "queued": 1,
        "pending": 2,
    }
    reply = cancel(chain, batch_id)
    assert (reply.status, reply.body["success"], reply.body["action"]) == (200, True, "cancel")
    assert status(chain, batch_id)["cancel_requested"]
    chain.drain()
    assert accounting(chain, batch_id) == {"submitted": 6, "completed": 1, "invalid": 1, "cancelled": 4}
    assert status(chain, batch_id)["status"] == "cancelled"
    assert chain.api(f"/api/v3/batches/{batch_id}/verify").body["ok"]


def test_a_cancellation_stops_what_runs_and_takes_no_late_answer(chain: Chain) -> None:
    batch_id = opened(chain, 2)
    deliver_all(chain)
    calls = chain.taken()
    cancel(chain, batch_id)
    chain.reconcile()
    assert all(isinstance(wiring.local_calls().poll(call.call_id), Died) for call in calls)
    assert wiring.local_calls().cancelling() == [call.call_id for call in calls]
    tell(chain, chain.run(calls[0]))
    chain.drain()
    assert accounting(chain, batch_id) == {"submitted": 2, "cancelled": 2}


def test_an_answer_that_comes_before_the_batch_is_drained_still_counts(chain: Chain) -> None:
    batch_id = opened(chain, 2)
    deliver_all(chain)
    first, _ = answers(chain)
    cancel(chain, batch_id)
    tell(chain, first)
    chain.drain()
    assert accounting(chain, batch_id) == {"submitted": 2, "completed": 1, "cancelled": 1}


def test_cancelling_again_keeps_the_first_time_at_every_stage(chain: Chain) -> None:
    batch_id = half_done(chain)
    first = cancel(chain, batch_id)
    replies = list[Reply]()
    for step in (lambda: None, chain.reconcile, lambda: deliver_all(chain), chain.drain):
        step()
        chain.clock.advance(timedelta(seconds=1))
        replies.append(cancel(chain, batch_id))
    assert [reply.status for reply in replies] == [200] * 4
    assert {reply.body["timestamp"] for reply in replies} == {first.body["timestamp"]}
    assert status(chain, batch_id)["status"] == "cancelled"


@pytest.mark.parametrize("rate", [0.0, 1.0], ids=["completed", "failed"])
def test_what_is_finished_cannot_be_cancelled(chain: Chain, rate: float) -> None:
    batch_id = finished(chain, 2, parameters={"failure_rate": rate})
    assert_problem(cancel(chain, batch_id), 409)
    assert status(chain, batch_id)["status"] == ("failed" if rate else "completed")


def test_what_is_full_and_being_written_cannot_be_cancelled(chain: Chain) -> None:
    batch_id = opened(chain, 1)
    deliver_all(chain)
    [answer] = answers(chain)
    tell(chain, answer)
    assert status(chain, batch_id)["status"] == "aggregating"
    assert_problem(cancel(chain, batch_id), 409)
    chain.drain()
    assert status(chain, batch_id)["status"] == "completed"


def test_a_cancelled_batch_publishes_no_more_jobs(chain: Chain) -> None:
    batch_id = half_done(chain)
    cancel(chain, batch_id)
    deliver_all(chain)
    chain.clock.advance(timedelta(hours=1))
    chain.reconcile()
    assert "dispatch-job-queued" not in waiting()


def test_a_large_batch_is_cancelled_leaf_by_leaf(chain: Chain) -> None:
    batch_id = opened(chain, 120, configuration={"max_concurrent_jobs": 7})
    cancel(chain, batch_id)
    findings = chain.reconcile().body["findings"]
    assert [finding["action"] for finding in findings].count("cancelled them") == 3
    chain.drain()
    assert accounting(chain, batch_id) == {"submitted": 120, "cancelled": 120}


@pytest.mark.parametrize("action", ["retry", "CANCEL", "explode"])
def test_an_action_that_there_is_not_is_refused_by_name(chain: Chain, action: str) -> None:
    batch_id = opened(chain)
    assert paths(chain.api(f"/api/v3/batches/{batch_id}/control/{action}", "POST")) == ["action"]
    assert not status(chain, batch_id)["cancel_requested"]
