"""The embedded engine's own side: what its process pool relies on."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.local import schema
from shared.adapters.local.calls import SqliteCalls
from shared.adapters.local.database import Database
from shared.models.batch import Batch, Priority
from shared.models.work import FailureClass, JobRef
from shared.ports.engine import Answered, Died, Load, Pending
from tests.contracts.conftest import LocalBackend
from tests.support.crowd import at_once
from tests.support.facts import a_batch, at, envelope, ref, work_order
from tests.support.properties import examples
from tests.support.world import NOON, HandClock

BATCH = a_batch(500)


def spawn(local: LocalBackend, count: int) -> list[str]:
    """That many calls."""
    return [local.calls.spawn(work_order(ref(BATCH, position))) for position in range(count)]


def test_eight_takers_share_the_calls_without_overlap(local: LocalBackend) -> None:
    calls = spawn(local, 100)

    def work(_: int) -> list[str]:
        mine = list[str]()
        while taken := local.calls.take(3):
            mine += [call.call_id for call in taken]
        return mine

    shares = at_once(work, range(8))
    assert sorted(call for share in shares for call in share) == sorted(calls)


def test_a_taken_call_brings_its_order(local: LocalBackend) -> None:
    spawn(local, 2)
    orders: list[JobRef] = [call.order.ref for call in local.calls.take(9)]
    assert orders == [ref(BATCH, 0), ref(BATCH, 1)]


def test_calls_of_a_dead_pool_run_again_under_their_ids(local: LocalBackend) -> None:
    done, running, cancelled, waiting = spawn(local, 4)
    local.calls.take(3)
    local.calls.answer([(done, envelope(ref(BATCH)))])
    local.calls.cancel(cancelled)
    assert local.calls.restart_interrupted() == 1
    assert [call.call_id for call in local.calls.take(9)] == [running, waiting]
    assert isinstance(local.calls.poll(done), Answered)


@pytest.mark.parametrize("begun", [False, True])
def test_a_cancelled_call_says_that_it_was_cancelled(local: LocalBackend, begun: bool) -> None:
    [call] = spawn(local, 1)
    if begun:
        local.calls.take(1)
    local.calls.cancel(call)
    ended = local.calls.poll(call)
    assert isinstance(ended, Died)
    assert ended.failure.kind is FailureClass.CANCELLED


def test_of_a_forgotten_call_nothing_is_left(local: LocalBackend) -> None:
    [call] = spawn(local, 1)
    local.calls.take(1)
    local.calls.answer([(call, envelope(ref(BATCH)))])
    assert local.calls.forget(BATCH.batch_id, limit=2)
    assert isinstance(local.calls.poll(call), Died)


def test_a_cancelled_run_is_to_be_killed_until_it_is(local: LocalBackend) -> None:
    running, waiting = spawn(local, 2)
    local.calls.take(1)
    for call in (running, waiting, running, waiting):
        local.calls.cancel(call)
    assert local.calls.cancelling() == [running]
    local.calls.killed(running)
    assert local.calls.cancelling() == []


def test_the_counts_say_how_many_wait_and_how_many_run(local: LocalBackend) -> None:
    assert local.calls.counts() == {}
    first, *_ = spawn(local, 3)
    local.calls.take(1)
    assert local.calls.counts() == {"waiting": 2, "running": 1}
    assert local.calls.poll(first) == Pending(started=True)


def put_in(local: LocalBackend, batch: Batch, count: int, priority: Priority = "normal") -> list[str]:
    """Calls of one batch."""
    orders = [work_order(ref(batch, position)) for position in range(count)]
    return [local.calls.spawn(it.model_copy(update={"priority": priority})) for it in orders]


def served(local: LocalBackend, count: int) -> list[str]:
    """The batches that get the next runs, one at a time."""
    found = list[str]()
    for _ in range(count):
        for call in local.calls.take(1):
            found.append(call.order.ref.batch_id)
            local.calls.answer([(call.call_id, envelope(call.order.ref))])
    return found


def test_a_small_batch_does_not_wait_for_the_large_one_before_it(local: LocalBackend) -> None:
    large, small = a_batch(500), a_batch(10)
    put_in(local, large, 300)
    served(local, 40)
    put_in(local, small, 10)
    turns = served(local, 25)
    assert Counter(turns)[small.batch_id] == 10
    assert turns.index(small.batch_id) <= 1


@pytest.mark.parametrize(("priority", "share"), [("urgent", 32), ("high", 27), ("normal", 20), ("low", 13)])
def test_a_batch_gets_runs_by_the_weight_of_its_priority(
    local: LocalBackend, priority: Priority, share: int
) -> None:
    one, other = a_batch(100), a_batch(100)
    put_in(local, one, 60, priority)
    put_in(local, other, 60)
    assert abs(Counter(served(local, 40))[one.batch_id] - share) <= 2


@examples(40)
@given(data=st.data())
def test_between_batches_that_wait_no_one_gets_ahead_by_more_than_a_run(
    local: LocalBackend, data: st.DataObject
) -> None:
    served(local, 1000)
    batches = [a_batch(100) for _ in range(data.draw(st.integers(2, 5)))]
    for batch in data.draw(st.permutations(batches)):
        put_in(local, batch, 12)
        served(local, data.draw(st.integers(0, 3)))
    shares = Counter(served(local, 6 * len(batches)))
    assert max(shares.values()) - min(shares[batch.batch_id] for batch in batches) <= 3
    assert len(served(local, 1000)) <= 12 * len(batches)


def test_calls_of_a_home_of_the_first_version_are_still_taken(tmp_path: Path) -> None:
    order = work_order(ref(BATCH)).model_dump_json(exclude={"priority"})
    old = Database(tmp_path / "state.db", schema.STEPS[:1], fsync=False)
    row = ("call_old", "waiting", order, 0)
    sql = "INSERT INTO calls (call_id, state, orders, created_at) VALUES (?, ?, ?, ?)"
    old.write(lambda connection: connection.execute(sql, row).rowcount)
    old.close()
    database = Database(tmp_path / "state.db", schema.STEPS, fsync=False)
    calls = SqliteCalls(database, HandClock(), size=2)
    new = calls.spawn(work_order(ref(BATCH, 1)))
    assert [call.call_id for call in calls.take(9)] == ["call_old", new]
    database.close()


def finish(local: LocalBackend, batch: Batch, number: int) -> None:
    """A round is closed and its artefacts are written."""
    ledger, batch_id = local.ledger, batch.batch_id
    ledger.close(batch_id, number, now=NOON)
    fence = ledger.claim_aggregation(batch_id, number, now=NOON, lease_until=at(60))
    assert fence is not None
    ledger.finish(batch_id, number, fence=fence, status="completed", summary={}, artefacts=[], now=at(1))


def test_answers_are_kept_until_their_round_has_its_artefacts(local: LocalBackend) -> None:
    batches = [local.ledger.open(a_batch()) for _ in range(2)]
    of_first, of_second = ([ref(batch, n) for n in range(3)] for batch in batches)
    retried = of_first[0].model_copy(update={"round": 1, "place": 0})
    refs = [*of_first, *of_second, retried]
    calls = [local.calls.spawn(work_order(it)) for it in refs]
    local.calls.take(99)
    local.calls.answer([(call, envelope(it)) for call, it in zip(calls, refs, strict=True)])
    assert local.calls.prune(limit=99)
    assert all(isinstance(local.calls.poll(call), Answered) for call in calls)

    finish(local, batches[0], 0)
    assert not local.calls.prune(limit=2)
    assert local.calls.prune(limit=2)
    kept = [isinstance(local.calls.poll(call), Answered) for call in calls]
    assert kept == [False] * 3 + [True] * 4
    assert local.calls.prune(limit=2)


def test_a_model_with_workers_of_its_own_is_as_busy_as_those(local: LocalBackend) -> None:
    local.calls.staff({"fold": 2})
    for position in range(5):
        local.calls.spawn(work_order(ref(BATCH, position)).model_copy(update={"model": "fold"}))
    spawn(local, 3)
    local.calls.take(2, only={"fold"})
    assert local.calls.load("fold") == Load(2, running=2, waiting=3)
    assert local.calls.load("noop") == Load(local.calls.load("other").size, running=0, waiting=3)


def test_the_pool_that_begins_says_anew_who_has_workers_of_its_own(local: LocalBackend) -> None:
    shared = local.calls.load("fold").size
    local.calls.staff({"fold": 7})
    local.calls.staff({"dock": 1})
    assert [local.calls.load(model).size for model in ("fold", "dock")] == [shared, 1]
