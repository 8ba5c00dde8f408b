"""``Runs``: what an engine is doing, told without touching it."""

from collections.abc import Mapping

import pytest

from shared.ports.engine import Run
from tests.contracts.backends import EngineRoom
from tests.contracts.modal_room import ModalRoom
from tests.support.facts import SECOND, a_batch, at, envelope, ref, work_order

BATCH = a_batch(9)
telling = pytest.mark.parametrize("engine_room", ["local"], indirect=True)


def told(engine_room: EngineRoom, *, limit: int = 9) -> tuple[Mapping[str, int], list[Run]]:
    """What an engine that can tell tells."""
    counts, runs = engine_room.runs.counts(), engine_room.runs.running(limit=limit)
    assert counts is not None
    assert runs is not None
    return counts, runs


def spawned(engine_room: EngineRoom, *positions: int) -> list[str]:
    """Calls that wait."""
    return [engine_room.engine.spawn(work_order(ref(BATCH, position))) for position in positions]


@telling
def test_an_idle_engine_runs_nothing(engine_room: EngineRoom) -> None:
    assert told(engine_room) == ({}, [])


@telling
def test_runs_are_told_longest_under_way_first(engine_room: EngineRoom) -> None:
    first = spawned(engine_room, 3)
    engine_room.wait(2 * SECOND)
    assert engine_room.machine.begin() == first
    second = spawned(engine_room, 4)
    engine_room.wait(SECOND)
    engine_room.machine.begin()
    spawned(engine_room, 5)
    counts, runs = told(engine_room)
    assert counts == {"waiting": 1, "running": 2}
    assert [(run.call_id, run.started_at) for run in runs] == [(first[0], at(2)), (second[0], at(3))]
    assert (runs[0].batch_id, runs[0].job_id) == (BATCH.batch_id, ref(BATCH, 3).job_id)
    assert (runs[0].ligand_name, runs[0].model) == ("ethanol", "noop")
    assert told(engine_room, limit=1)[1] == runs[:1]


@telling
def test_a_run_that_answered_is_no_longer_told(engine_room: EngineRoom) -> None:
    [call] = spawned(engine_room, 1)
    engine_room.machine.begin()
    engine_room.machine.end([(call, envelope(ref(BATCH, 1)))])
    assert told(engine_room) == ({}, [])


def test_an_engine_that_lists_no_runs_says_so_instead_of_none(modal: ModalRoom) -> None:
    modal.engine.spawn(work_order(ref(BATCH, 1)))
    modal.machine.begin()
    assert (modal.runs.counts(), modal.runs.running(limit=9)) == (None, None)
