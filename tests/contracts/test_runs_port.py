"""``Runs``: what an engine is doing, told without touching it."""

from tests.contracts.backends import Backend
from tests.support.facts import SECOND, a_batch, at, envelope, ref, work_order

BATCH = a_batch(9)


def spawned(backend: Backend, *positions: int) -> list[str]:
    """Calls that wait."""
    return [backend.engine.spawn(work_order(ref(BATCH, position))) for position in positions]


def test_an_idle_engine_runs_nothing(backend: Backend) -> None:
    assert dict(backend.runs.counts()) == {}
    assert backend.runs.running(limit=9) == []


def test_runs_are_told_longest_under_way_first(backend: Backend) -> None:
    first = spawned(backend, 3)
    backend.wait(2 * SECOND)
    assert backend.machine.begin() == first
    second = spawned(backend, 4)
    backend.wait(SECOND)
    backend.machine.begin()
    spawned(backend, 5)
    assert dict(backend.runs.counts()) == {"waiting": 1, "running": 2}
    runs = backend.runs.running(limit=9)
    assert [(run.call_id, run.started_at) for run in runs] == [(first[0], at(2)), (second[0], at(3))]
    assert (runs[0].batch_id, runs[0].job_id) == (BATCH.batch_id, ref(BATCH, 3).job_id)
    assert (runs[0].ligand_name, runs[0].model) == ("ethanol", "noop")
    assert backend.runs.running(limit=1) == runs[:1]


def test_a_run_that_answered_is_no_longer_told(backend: Backend) -> None:
    [call] = spawned(backend, 1)
    backend.machine.begin()
    backend.machine.end([(call, envelope(ref(BATCH, 1)))])
    assert backend.runs.running(limit=9) == []
    assert dict(backend.runs.counts()) == {}
