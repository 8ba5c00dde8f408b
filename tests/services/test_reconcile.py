"""``reconcile``: it finds each way to be stuck, says why, helps, and can be repeated at any time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared import wiring
from shared.domain.lifecycle import first_round, tree_of
from shared.ports.engine import Died, Pending
from tests.support.boundaries import Fault
from tests.support.chain import Chain
from tests.support.facts import LOST, outcome
from tests.support.screens import (
    answers,
    assert_problem,
    attempts,
    deliver_all,
    finished,
    letters,
    one_answer,
    opened,
    status,
    tell,
    waiting,
)

LONG = timedelta(hours=1)
Finding = tuple[str, str]


def drop(chain: Chain) -> None:
    """Every message that is on its way is lost."""
    for _ in range(2):
        for delivery in chain.leased():
            chain.settle_delivery(delivery, acknowledged=True)
        chain.clock.advance(LONG)


def look(chain: Chain, batch_id: str | None = None) -> list[Finding]:
    """What is found, and done about it."""
    reply = chain.reconcile(batch_id)
    assert reply.status == 200, reply.body
    return [(finding["reason"], finding["action"]) for finding in reply.body["findings"]]


def fails_at(chain: Chain, call: str, fault: Fault, deed: Callable[[], object]) -> None:
    """Do it while one call to an adapter fails."""
    chain.boundaries.plan = lambda number, name: fault if name == call else None
    deed()
    chain.boundaries.plan = lambda number, name: None


def lost_release(chain: Chain) -> str:
    """The messages that release the ligands are lost."""
    batch_id = opened(chain, 3)
    drop(chain)
    return batch_id


def lost_spawn(chain: Chain) -> str:
    """A run was perhaps spawned, and is not known."""
    batch_id = opened(chain, 3)
    fails_at(chain, "engine.spawn", Fault.FAIL_AFTER, lambda: deliver_all(chain))
    wiring.local_calls().take(99)
    chain.clock.advance(LONG)
    return batch_id


def lost_answer(chain: Chain) -> str:
    """The runs ended, their webhooks did not come."""
    batch_id = opened(chain, 3)
    deliver_all(chain)
    answers(chain)
    chain.clock.advance(LONG)
    return batch_id


def lost_completion(chain: Chain) -> str:
    """The webhooks came, their messages are lost."""
    batch_id = opened(chain, 3)
    deliver_all(chain)
    for envelope in answers(chain):
        chain.webhook(envelope)
    drop(chain)
    return batch_id


def lost_retry(chain: Chain) -> str:
    """A failed attempt's successor was never queued."""
    batch_id = opened(chain, 3)
    deliver_all(chain)
    for envelope in answers(chain):
        said = envelope.model_copy(update={"status": "failed", "failure": LOST, "metrics": {}})
        tell(chain, said)
    drop(chain)
    return batch_id


def unknown_call(chain: Chain) -> str:
    """The engine forgot its calls."""
    batch_id = opened(chain, 3)
    deliver_all(chain)
    wiring.local_database().write(lambda connection: connection.execute("DELETE FROM calls").rowcount)
    chain.clock.advance(LONG)
    return batch_id


def silent_run(chain: Chain) -> str:
    """The runs never end."""
    batch_id = opened(chain, 3, configuration={"retry_failed_jobs": False})
    deliver_all(chain)
    wiring.local_calls().take(99)
    chain.clock.advance(timedelta(days=8))
    return batch_id


def unannounced(chain: Chain) -> str:
    """All ligands are settled, but nobody said so."""
    batch_id = opened(chain, 3)
    deliver_all(chain)
    for envelope in answers(chain):
        chain.webhook(envelope)
    fails_at(chain, "bus.publish", Fault.FAIL_BEFORE, lambda: deliver_all(chain))
    drop(chain)
    return batch_id


def uncounted(chain: Chain) -> str:
    """A leaf is full, and its completion died before it climbed."""
    batch_id = opened(chain, 60)
    batch = chain.ledger.batch(batch_id)
    for leaf in range(batch.leaves):
        positions = tree_of(first_round(batch)).positions(leaf)
        chain.ledger.settle(
            batch_id, leaf, [outcome(batch, position) for position in positions], now=chain.clock.now()
        )
    drop(chain)
    return batch_id


def unaggregated(chain: Chain) -> str:
    """The batch was announced, and the aggregator died at work."""
    batch_id = opened(chain, 3)
    deliver_all(chain)
    tell(chain, *answers(chain))
    fails_at(chain, "blobs.put", Fault.FAIL_BEFORE, lambda: deliver_all(chain))
    drop(chain)
    return batch_id


AGAIN = "published {} again".format
STUCK: dict[Callable[[Chain], str], Finding] = {
    lost_release: ("3 released ligands were never started", AGAIN("job-queued")),
    lost_spawn: ("claimed, but no run was noted", AGAIN("job-queued")),
    lost_answer: ("the run ended, its webhook did not come", AGAIN("job-finished")),
    lost_completion: ("the run ended, its webhook did not come", AGAIN("job-finished")),
    lost_retry: ("the retry was not started", AGAIN("job-queued")),
    unknown_call: ("the engine does not know this call", AGAIN("job-finished")),
    silent_run: ("the run gave no answer by its deadline", AGAIN("job-finished")),
    unannounced: ("full, but its artefacts are not written", AGAIN("batch-finished")),
    uncounted: ("node 0 of level 0 is full but was not counted", "counted it"),
    unaggregated: ("full, but its artefacts are not written", AGAIN("batch-finished")),
}
stuck = pytest.mark.parametrize("stick", STUCK, ids=lambda stick: stick.__name__)


@stuck
def test_what_is_stuck_is_found_named_helped_and_finished(
    chain: Chain, stick: Callable[[Chain], str]
) -> None:
    batch_id = stick(chain)
    assert STUCK[stick] in look(chain, batch_id)
    chain.drain()
    found = status(chain, batch_id)
    assert found["status"] == ("failed" if stick is silent_run else "completed")
    assert chain.api(f"/api/v3/batches/{batch_id}/verify").body["ok"]
    assert letters() == []


@stuck
def test_helping_twice_is_as_good_as_once(chain: Chain, stick: Callable[[Chain], str]) -> None:
    batch_id = stick(chain)
    look(chain)
    first = waiting()
    look(chain)
    assert waiting() == first
    chain.drain()
    assert look(chain) == []
    assert status(chain, batch_id)["invariant_holds"]


@stuck
def test_one_batch_is_helped_without_the_others(chain: Chain, stick: Callable[[Chain], str]) -> None:
    batch_id, other = stick(chain), lost_release(chain)
    findings = chain.reconcile(other).body["findings"]
    assert {finding["batch_id"] for finding in findings} == {other}
    assert {finding["batch_id"] for finding in chain.reconcile().body["findings"]} == {batch_id}


def test_of_a_healthy_system_nothing_is_found(chain: Chain) -> None:
    opened(chain, 3)
    assert look(chain) == []
    deliver_all(chain)
    assert look(chain) == []
    tell(chain, *answers(chain))
    assert look(chain) == []
    finished(chain, 2)
    chain.clock.advance(LONG)
    assert look(chain) == []


def test_an_unknown_batch_is_not_found(chain: Chain) -> None:
    assert_problem(chain.reconcile("batch_unknown"), 404)


def test_a_run_that_is_at_work_is_asked_after_and_left_alone(chain: Chain) -> None:
    batch_id = opened(chain)
    deliver_all(chain)
    wiring.local_calls().take(9)
    for _ in range(3):
        chain.clock.advance(timedelta(minutes=5))
        assert look(chain) == []
    [attempt] = attempts(chain, batch_id)
    assert attempt.due_at is not None
    assert attempt.due_at > chain.clock.now()


def test_while_the_engine_is_down_ligands_wait_and_lose_no_attempt(chain: Chain) -> None:
    batch_id = opened(chain, configuration={"retry_failed_jobs": False})
    chain.boundaries.plan = lambda number, name: Fault.FAIL_BEFORE if name == "engine.spawn" else None
    for _ in range(12):
        deliver_all(chain)
        chain.clock.advance(timedelta(minutes=1))
        look(chain)
    assert letters()  # the queue gave up on a message; the state did not
    chain.boundaries.plan = lambda number, name: None
    chain.drain()
    [settled] = chain.ledger.outcomes(batch_id, 0, limit=9)
    assert (settled.kind, settled.ref.attempt) == ("completed", 1)


def test_a_claim_that_may_have_led_to_a_run_five_times_is_given_up(chain: Chain) -> None:
    batch_id = opened(chain, configuration={"retry_failed_jobs": False})
    chain.boundaries.plan = lambda number, name: Fault.FAIL_AFTER if name == "engine.spawn" else None
    reasons = list[str]()
    while (found := status(chain, batch_id))["status"] != "failed":
        deliver_all(chain)
        wiring.local_calls().take(99)
        chain.clock.advance(timedelta(minutes=1))
        reasons += [reason for reason, _ in look(chain)]
        assert len(reasons) < 30
    assert "claimed 5 times without a run" in reasons
    assert found["jobs"][0]["error_message"] == "claimed 5 times without a run"


def test_a_run_that_is_given_up_is_stopped(chain: Chain) -> None:
    batch_id = silent_run(chain)
    calls = [attempt.call_id or "" for attempt in attempts(chain, batch_id, 3)]
    assert all(isinstance(wiring.local_calls().poll(call), Pending) for call in calls)
    look(chain)
    assert all(isinstance(wiring.local_calls().poll(call), Died) for call in calls)


def test_a_paused_batch_is_not_released_but_what_runs_is_asked_after(chain: Chain) -> None:
    batch_id = opened(chain, 3, configuration={"max_concurrent_jobs": 1})
    answer = one_answer(chain)
    chain.ledger.intend(batch_id, paused=True)
    chain.clock.advance(LONG)
    assert look(chain) == [("the run ended, its webhook did not come", AGAIN("job-finished"))]
    deliver_all(chain)
    chain.clock.advance(LONG)
    assert look(chain) == []
    assert status(chain, batch_id)["accounting"]["completed"] == 1
    chain.ledger.intend(batch_id, paused=False)
    chain.drain()
    assert status(chain, batch_id)["accounting"]["completed"] == 3
    assert answer.ref.position == 0


def test_a_finding_says_which_job(chain: Chain) -> None:
    batch_id = lost_answer(chain)
    findings: list[dict[str, Any]] = chain.reconcile().body["findings"]
    jobs = {job["job_id"] for job in status(chain, batch_id)["jobs"]}
    assert {finding["job_id"] for finding in findings} == jobs


def test_what_is_stuck_is_helped_also_while_nothing_can_be_collected(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters_struck = chain.boundaries.wrap("dead_letters", wiring.dead_letters())
    monkeypatch.setattr(wiring, "dead_letters", lambda: letters_struck)
    batch_id = lost_release(chain)
    fails_at(chain, "dead_letters.collect", Fault.FAIL_BEFORE, lambda: assert_problem(chain.reconcile(), 503))
    assert waiting() == {"dispatch-job-queued": 3}
    assert look(chain) == []
    chain.drain()
    assert status(chain, batch_id)["status"] == "completed"
