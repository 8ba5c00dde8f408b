"""What the doctor decides from what was measured, at every threshold."""

from datetime import timedelta

import pytest

from cli.doctor import checks
from cli.doctor.checks import Check, Server, Unfinished
from shared.adapters.local.inspection import StateFile
from tests.support.world import NOON

GIB = 1024**3
SOUND = StateFile(journal_mode="wal", steps=2, known=2, problems=(), missing=())


def changed(**changes: object) -> StateFile:
    """A state file that is not quite sound."""
    return StateFile(**{**vars(SOUND), **changes})


def idle(minutes: float, *, paused: bool = False) -> Unfinished:
    """A batch that did nothing for so long."""
    return Unfinished("batch_1", paused, NOON - timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("check", "level"),
    [
        (checks.python((3, 10, 9)), "FAIL"),
        (checks.python((3, 11, 0)), "ok"),
        (checks.package("vina", "1.2.7", None), "ok"),
        (checks.package("vina", None, None), "ok"),
        (checks.package("vina", None, "No module named 'vina'"), "FAIL"),
        (checks.home("/h", exists=True, error=None), "ok"),
        (checks.home("/h", exists=False, error=None), "ok"),
        (checks.home("/h", exists=True, error="Permission denied"), "FAIL"),
        (checks.disk(5 * GIB), "ok"),
        (checks.disk(5 * GIB - 1), "warn"),
        (checks.disk(GIB // 2), "warn"),
        (checks.disk(GIB // 2 - 1), "FAIL"),
        (checks.fsync(0.1, wanted=True), "ok"),
        (checks.fsync(0.11, wanted=True), "warn"),
        (checks.fsync(0.01, wanted=False), "warn"),
        (checks.fsync(None, wanted=True, error="Input/output error"), "FAIL"),
        (checks.sqlite((3, 35, 0)), "ok"),
        (checks.sqlite((3, 34, 9)), "FAIL"),
        (checks.state(None), "ok"),
        (checks.state(SOUND), "ok"),
        (checks.state(changed(steps=1)), "ok"),
        (checks.state(changed(steps=3)), "FAIL"),
        (checks.state(changed(problems=("page 3 is never used",))), "FAIL"),
        (checks.state(changed(missing=("nodes.n",))), "FAIL"),
        (checks.state(changed(journal_mode="delete")), "warn"),
        (checks.state(None, error="file is not a database"), "FAIL"),
        (checks.server(Server(False, None, None, False)), "ok"),
        (checks.server(Server(False, "http://x", 1, False)), "warn"),
        (checks.server(Server(True, None, None, False)), "warn"),
        (checks.server(Server(True, "http://x", 1, False)), "FAIL"),
        (checks.server(Server(True, "http://x", 1, True)), "ok"),
        (checks.port(8765, taken=False, ours=False, listener=None), "ok"),
        (checks.port(8765, taken=True, ours=True, listener="process 1"), "ok"),
        (checks.port(8765, taken=True, ours=False, listener=None), "warn"),
        (checks.cores(2, 2), "ok"),
        (checks.cores(2, 3), "warn"),
        (checks.clock(NOON, file_time=NOON, newest_fact=None), "ok"),
        (checks.clock(NOON, file_time=NOON + timedelta(seconds=5), newest_fact=NOON), "ok"),
        (checks.clock(NOON, file_time=NOON - timedelta(seconds=5.1), newest_fact=NOON), "warn"),
        (checks.clock(NOON, file_time=None, newest_fact=NOON + timedelta(seconds=60)), "ok"),
        (checks.clock(NOON, file_time=None, newest_fact=NOON + timedelta(seconds=61)), "FAIL"),
        (checks.clock(NOON.replace(year=1970), file_time=None, newest_fact=None), "FAIL"),
        (checks.secrets({}), "ok"),
        (checks.secrets({"s": 0o700, "s/webhook": 0o600}), "ok"),
        (checks.secrets({"s": 0o750}), "FAIL"),
        (checks.secrets({"s": 0o700, "s/webhook": 0o604}), "FAIL"),
        (checks.letters(0), "ok"),
        (checks.letters(1), "warn"),
        (checks.batches([], now=NOON, served=False), "ok"),
        (checks.batches([idle(0)], now=NOON, served=False), "warn"),
        (checks.batches([idle(99, paused=True)], now=NOON, served=False), "ok"),
        (checks.batches([idle(15)], now=NOON, served=True), "ok"),
        (checks.batches([idle(15.1), idle(99)], now=NOON, served=True), "warn"),
        (checks.batches([idle(99, paused=True)], now=NOON, served=True), "ok"),
        (checks.leftovers(0, 0, complete=True), "ok"),
        (checks.leftovers(0, 0, complete=False), "ok"),
        (checks.leftovers(1, 10, complete=True), "warn"),
    ],
)
def test_a_check_is_as_grave_as_what_it_found_and_says_how_to_mend_it(check: Check, level: str) -> None:
    assert check.level == level
    assert bool(check.remedy) == (level != "ok")
    assert check.found
    assert "\n" not in check.found + check.remedy


def test_models_on_a_gpu_are_looked_at_where_they_are_wanted() -> None:
    def levels(engine: str, gpus: int, **pythons: bool) -> list[tuple[str, str]]:
        return [(it.name, it.level) for it in checks.own_gpu(engine, gpus, pythons)]

    assert levels("pool", 0) == []
    assert levels("local-gpu", 0) == [("GPU", "FAIL")]
    assert levels("local-gpu", 1, boltz2=False) == [("GPU", "ok"), ("OMTX_PYTHON_BOLTZ2", "FAIL")]
    assert levels("pool", 0, noop=True) == [("OMTX_PYTHON_NOOP", "ok")]
