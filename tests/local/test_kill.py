"""The runner is killed with SIGKILL, again and again, in the middle of a screen."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shared import wiring
from shared.models.facts import OutcomeKind
from tests.local.running import until
from tests.support.orders import noop_order

JOBS = 500
KILLS = 6
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def started() -> Iterator[list["subprocess.Popen[str]"]]:
    """Runners that a test has started; none outlives it, however it ends."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            kill(process)


def start(home: Path) -> "subprocess.Popen[str]":
    """A runner in a process of its own, ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local", "--home", str(home), "--port", "0", "--workers", "2"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "ready" in process.stdout.readline()
    return process


def kill(process: "subprocess.Popen[str]") -> None:
    """As by the kernel when memory is short; no worker may survive it."""
    family = children(process.pid)
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
    until(lambda: not any(alive(pid) for pid in family), seconds=10)


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def alive(pid: int) -> bool:
    """Whether the process runs; one that merely has not been reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def url_of(home: Path) -> str:
    """Where the runner on this home is reached."""
    return str(json.loads((home / "runner.json").read_text())["url"])


def outcomes(home: Path) -> int:
    """How many outcomes the runner on this home has recorded."""
    return len(wiring.ledger().outcomes(batch_on(home), 0, limit=JOBS + 1))


def batch_on(home: Path) -> str:
    """The only batch there is."""
    (batch,) = wiring.ledger().batches(owner=None, unfinished=False, limit=2, after=None)
    return batch.batch_id


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads the process table of Linux")
def test_a_screen_whose_runner_is_killed_again_and_again_ends_exactly(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    started: list["subprocess.Popen[str]"],
) -> None:
    seed = request.config.getoption("--seed") or random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    monkeypatch.setenv("OMTX_HOME", str(tmp_path))
    wiring.reset()
    order = noop_order(JOBS, parameters={"delay_seconds": 0.02, "payload_bytes": 10})
    order["ligands"] = [
        {"name": f"l{n}", "smiles": "C" * (n % 60 + 1) + "O" * (n // 60)} for n in range(JOBS)
    ]

    started.append(start(tmp_path))
    answer = httpx.post(f"{url_of(tmp_path)}/api/v3/batches/submit", json=order, trust_env=False)
    assert answer.status_code == 202, answer.text
    killed_at = []
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.0, 1.2))
        kill(started[-1])
        killed_at.append(outcomes(tmp_path))
        started.append(start(tmp_path))
    print("outcomes when it was killed:", killed_at)
    assert killed_at[0] < JOBS, "the first kill came too late to mean anything"

    url, batch = url_of(tmp_path), batch_on(tmp_path)
    until(lambda: finished(url, batch))
    recorded = wiring.ledger().outcomes(batch, 0, limit=JOBS + 1)
    assert [outcome.ref.position for outcome in recorded] == list(range(JOBS))
    assert {outcome.kind for outcome in recorded} == {OutcomeKind.COMPLETED}
    assert httpx.get(f"{url}/api/v3/batches/{batch}/verify", trust_env=False).json()["ok"]
    process, family = started[-1], children(started[-1].pid)
    process.terminate()
    assert process.wait(timeout=20) == 0
    assert process.stdout is not None
    process.stdout.close()
    until(lambda: not any(alive(pid) for pid in family), seconds=10)
    assert not (tmp_path / "runner.json").exists()
    assert not wiring.local_bus().dead_letters()
    wiring.reset()
    assert os.listdir(tmp_path / "logs")


def finished(url: str, batch: str) -> bool:
    """Whether the batch is closed and aggregated."""
    answer = httpx.get(f"{url}/api/v3/batches/{batch}/status", trust_env=False)
    return bool(answer.json()["status"] == "completed")
