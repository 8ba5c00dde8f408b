"""``Runs``: what an engine is doing, told without touching it."""

from tests.contracts.backends import EngineRoom
from tests.support.facts import SECOND, a_batch, at, envelope, ref, work_order

BATCH = a_batch(9)


def spawned(engine_room: EngineRoom, *positions: int) -> list[str]:
    """Calls that wait."""
    return [engine_room.engine.spawn(work_order(ref(BATCH, position))) for position in positions]


def test_an_idle_engine_runs_nothing(engine_room: EngineRoom) -> None:
    assert dict(engine_room.runs.counts()) == {}
    assert engine_room.runs.running(limit=9) == []


def test_runs_are_told_longest_under_way_first(engine_room: EngineRoom) -> None:
    first = spawned(engine_room, 3)
    engine_room.wait(2 * SECOND)
    assert engine_room.machine.begin() == first
    second = spawned(engine_room, 4)
    engine_room.wait(SECOND)
    engine_room.machine.begin()
    spawned(engine_room, 5)
    assert dict(engine_room.runs.counts()) == {"waiting": 1, "running": 2}
    runs = engine_room.runs.running(limit=9)
    assert [(run.call_id, run.started_at) for run in runs] == [(first[0], at(2)), (second[0], at(3))]
    assert (runs[0].batch_id, runs[0].job_id) == (BATCH.batch_id, ref(BATCH, 3).job_id)
    assert (runs[0].ligand_name, runs[0].model) == ("ethanol", "noop")
    assert engine_room.runs.running(limit=1) == runs[:1]


def test_a_run_that_answered_is_no_longer_told(engine_room: EngineRoom) -> None:
    [call] = spawned(engine_room, 1)
    engine_room.machine.begin()
    engine_room.machine.end([(call, envelope(ref(BATCH, 1)))])
    assert engine_room.runs.running(limit=9) == []
    assert dict(engine_room.runs.counts()) == {}
