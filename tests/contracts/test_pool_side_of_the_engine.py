"""The embedded engine's own side: what its process pool relies on."""

from shared.models.work import JobRef
from shared.ports.engine import Answered, Pending
from tests.contracts.conftest import LocalBackend
from tests.support.crowd import at_once
from tests.support.facts import a_batch, envelope, ref, work_order

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
