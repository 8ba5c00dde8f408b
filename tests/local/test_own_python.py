"""Models under a Python of their own: a second environment without this project's packages."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.engine import own_workers
from local.foreign import Own
from local.gpus import NoGpu, NoPython
from shared import settings, wiring
from shared.models.facts import OutcomeKind
from tests.local.running import QUICK, Running, until
from tests.support.orders import noop_order


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a virtual environment that has the packages a run needs, by a path file."""
    folder = tmp_path_factory.mktemp("own")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text("\n".join(path for path in sys.path if path.endswith("-packages")))
    return folder / "bin" / "python"


@pytest.fixture
def own(python: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The test model runs under that Python."""
    for name, value in {**QUICK, "OMTX_PYTHON_NOOP": str(python)}.items():
        monkeypatch.setenv(name, value)
    settings.settings.cache_clear()
    yield python
    monkeypatch.undo()
    wiring.reset()


def children(of: int) -> dict[int, str]:
    """The processes that one has started, with their commands."""
    said = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(of)], capture_output=True, text=True)
    lines = (line.strip().partition(" ") for line in said.stdout.splitlines())
    return {int(pid): command for pid, _, command in lines}


def foreign(python: Path) -> list[int]:
    """The workers under that Python."""
    return [pid for pid, command in children(os.getpid()).items() if command.startswith(str(python))]


def test_a_screen_runs_under_the_model_s_own_python(own: Path, tmp_path: Path) -> None:
    with Running(tmp_path) as running:
        batch = running.submit(noop_order(20, parameters={"payload_bytes": 16}))
        outcomes = running.settled(batch, 20)
        assert len(foreign(own)) == 1
        load = wiring.local_calls().load
        assert (load("noop").size, load("vina").size) == (1, settings.settings().workers)
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.COMPLETED}
    assert foreign(own) == []


def test_a_worker_that_dies_costs_an_attempt_and_is_replaced(own: Path, tmp_path: Path) -> None:
    with Running(tmp_path) as running:
        batch = running.submit(noop_order(3, parameters={"crash_attempts": 1}))
        outcomes = running.settled(batch, 3)
        assert {(it.kind, it.ref.attempt) for it in outcomes} == {(OutcomeKind.COMPLETED, 2)}


def test_a_worker_that_is_killed_from_outside_is_replaced(own: Path, tmp_path: Path) -> None:
    with Running(tmp_path) as running:
        until(lambda: bool(foreign(own)))
        [first] = foreign(own)
        os.kill(first, signal.SIGKILL)
        batch = running.submit(noop_order(2))
        running.settled(batch, 2)
        assert foreign(own) not in ([], [first])


def test_a_python_that_is_not_there_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMTX_PYTHON_NOOP", "/nowhere/bin/python")
    settings.settings.cache_clear()
    with pytest.raises(NoPython, match="OMTX_PYTHON_NOOP names /nowhere/bin/python"):
        own_workers()
    monkeypatch.undo()
    settings.settings.cache_clear()


def test_without_a_gpu_the_engine_of_gpus_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OMTX_ENGINE", "local-gpu")
    monkeypatch.setenv("PATH", str(tmp_path))
    settings.settings.cache_clear()
    with pytest.raises(NoGpu, match="shows no GPU"):
        own_workers()
    monkeypatch.undo()
    settings.settings.cache_clear()


def test_each_gpu_has_a_worker_that_sees_no_other(
    python: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho GPU-1\necho GPU-2\n")
    driver.chmod(0o755)
    monkeypatch.setenv("OMTX_ENGINE", "local-gpu")
    monkeypatch.setenv("OMTX_PYTHON_NOOP", str(python))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    settings.settings.cache_clear()
    found = own_workers()
    monkeypatch.undo()
    settings.settings.cache_clear()
    assert found == [Own("noop", python, "GPU-1"), Own("noop", python, "GPU-2")]
    assert found[1].environment({"PYTHONHOME": "/x"})["CUDA_VISIBLE_DEVICES"] == "GPU-2"
    assert "PYTHONHOME" not in found[1].environment({"PYTHONHOME": "/x"})


def test_omtx_up_says_what_is_missing_and_does_not_start(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "OMTX_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "cli.main", "up", "--port", "0", "--engine", "local-gpu"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "nvidia-smi shows no GPU" in done.stderr
