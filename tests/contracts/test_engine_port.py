"""``Engine``: started at once, asked after as often as you like, cancelled without harm."""

import pytest

from shared.models.work import Envelope, Failure
from shared.ports.engine import Answered, Died, Engine, Load, Pending
from tests.contracts.backends import EngineRoom
from tests.support.crowd import at_once
from tests.support.facts import WRONG, a_batch, envelope, ref, work_order

BATCH = a_batch()


def answer(call_id: str, failure: Failure | None = None) -> Envelope:
    """What a call returned."""
    return envelope(ref(BATCH), failure, call_id=call_id)


@pytest.fixture
def call(engine: Engine) -> str:
    """A call that waits."""
    return engine.spawn(work_order(ref(BATCH)))


def test_every_spawn_has_a_call_id_of_its_own(engine: Engine) -> None:
    calls = at_once(lambda _: engine.spawn(work_order(ref(BATCH))), range(16))
    assert len(set(calls)) == 16


def test_a_call_that_waits_or_runs_is_pending(engine_room: EngineRoom, call: str) -> None:
    assert engine_room.engine.poll(call) in (Pending(started=False), Pending(started=None))
    assert engine_room.machine.begin() == [call]
    assert engine_room.engine.poll(call) in (Pending(started=True), Pending(started=None))


def test_every_waiting_call_of_a_batch_is_begun_once_oldest_first(engine_room: EngineRoom) -> None:
    calls = [engine_room.engine.spawn(work_order(ref(BATCH, position))) for position in range(3)]
    assert engine_room.machine.begin() == calls
    assert engine_room.machine.begin() == []


@pytest.mark.parametrize("failure", [None, WRONG])
def test_a_call_that_returned_gives_its_envelope_again_and_again(
    engine_room: EngineRoom, call: str, failure: Failure | None
) -> None:
    engine_room.machine.begin()
    engine_room.machine.end([(call, answer(call, failure))])
    assert [engine_room.engine.poll(call) for _ in range(2)] == [Answered(answer(call, failure))] * 2


def test_a_final_answer_does_not_change(engine_room: EngineRoom, call: str) -> None:
    engine_room.machine.begin()
    engine_room.machine.end([(call, answer(call))])
    engine_room.machine.end([(call, answer(call, WRONG))])
    engine_room.engine.cancel(call)
    assert engine_room.engine.poll(call) == Answered(answer(call))


def test_an_unknown_call_died_and_may_be_retried(engine: Engine) -> None:
    state = engine.poll("call_unknown")
    assert isinstance(state, Died)
    assert state.failure.may_be_retried


@pytest.mark.parametrize("begun", [False, True])
def test_a_cancelled_call_is_over_however_often_it_is_cancelled(
    engine_room: EngineRoom, call: str, begun: bool
) -> None:
    if begun:
        engine_room.machine.begin()
    engine_room.engine.cancel(call)
    ended = engine_room.engine.poll(call)
    assert isinstance(ended, Died)
    engine_room.engine.cancel(call)
    assert engine_room.engine.poll(call) == ended


def test_a_cancelled_call_never_begins(engine_room: EngineRoom, call: str) -> None:
    engine_room.engine.cancel(call)
    assert engine_room.machine.begin() == []


def test_an_answer_that_comes_after_the_cancellation_is_too_late(engine_room: EngineRoom, call: str) -> None:
    engine_room.machine.begin()
    engine_room.engine.cancel(call)
    engine_room.machine.end([(call, answer(call))])
    assert isinstance(engine_room.engine.poll(call), Died)


def test_cancelling_an_unknown_call_is_harmless(engine: Engine, call: str) -> None:
    engine.cancel("call_unknown")
    assert isinstance(engine.poll(call), Pending)


def test_the_load_counts_what_waits_and_what_runs(engine_room: EngineRoom) -> None:
    def load() -> tuple[int, int]:
        found: Load = engine_room.engine.load("noop")
        assert found.size is None or found.size >= 1
        return found.waiting, found.running

    assert load() == (0, 0)
    calls = [engine_room.engine.spawn(work_order(ref(BATCH, position))) for position in range(3)]
    assert load() == (3, 0)
    engine_room.machine.begin()
    assert load() == (0, 3)
    engine_room.machine.end([(calls[0], answer(calls[0]))])
    assert load() == (0, 2)


def test_the_calls_of_a_batch_are_forgotten_in_parts_and_no_others(engine_room: EngineRoom) -> None:
    mine, other = a_batch(), a_batch()
    calls = [engine_room.engine.spawn(work_order(ref(mine, position))) for position in range(3)]
    kept = engine_room.engine.spawn(work_order(ref(other)))
    engine_room.machine.begin()
    engine_room.machine.end([(call, answer(call)) for call in calls])
    parts = 1
    while not engine_room.engine.forget(mine.batch_id, limit=2):
        parts += 1
        assert parts < 5
    assert isinstance(engine_room.engine.poll(kept), Pending)
    assert engine_room.engine.forget(mine.batch_id, limit=2)
