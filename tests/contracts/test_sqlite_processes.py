"""One home, several processes at once, and processes that are killed: counts stay exact."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from shared.adapters.local import schema
from shared.adapters.local.blobs import FolderBlobs
from shared.adapters.local.bus import SqliteBus
from shared.adapters.local.database import Database
from shared.adapters.local.ledger import SqliteLedger
from shared.events.messages import JobQueued
from tests.contracts import writers
from tests.contracts.backends import TOPICS
from tests.support.facts import a_batch, ref
from tests.support.tables import SOON
from tests.support.world import HandClock

T = TypeVar("T")
PROCESSES = 4
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """Processes that were started anew, as services are, not forked."""
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        yield pool


def in_every_process(pool: ProcessPoolExecutor, deed: Callable[..., T], *each: tuple[object, ...]) -> list[T]:
    """The answers of the deed, done in every process at once with its own arguments."""
    return [task.result(timeout=60) for task in [pool.submit(deed, *arguments) for arguments in each]]


def test_processes_that_settle_the_same_jobs_count_each_once(
    pool: ProcessPoolExecutor, tmp_path: Path
) -> None:
    batch = a_batch(120, leaves=3)
    starts = [(tmp_path, batch, 30 * n) for n in range(PROCESSES)]
    answers = in_every_process(pool, writers.settle_all, *starts)
    assert [sum(column) for column in zip(*answers, strict=True)] == [120, 3]
    ledger = SqliteLedger(Database(tmp_path / "state.db", schema.STEPS))
    assert [leaf.n for leaf in ledger.leaves(batch.batch_id, 0)] == [40, 40, 40]
    assert len(ledger.outcomes(batch.batch_id, 0, limit=999)) == 120


def test_processes_that_claim_the_same_jobs_get_each_first_claim_once(
    pool: ProcessPoolExecutor, tmp_path: Path
) -> None:
    batch = a_batch(100)
    granted = in_every_process(pool, writers.claim_all, *[(tmp_path, batch)] * PROCESSES)
    assert sum(granted) == 100


def test_processes_that_share_a_queue_take_each_message_once(
    pool: ProcessPoolExecutor, tmp_path: Path
) -> None:
    database, batch = Database(tmp_path / "state.db", schema.STEPS, fsync=False), a_batch(300)
    SqliteBus(database, HandClock(), TOPICS, pause=SOON.pause).publish(
        [JobQueued(ref=ref(batch, position)) for position in range(300)]
    )
    shares = in_every_process(pool, writers.take_all, *[(tmp_path,)] * PROCESSES)
    taken = [number for share in shares for number in share]
    assert len(taken) == len(set(taken)) == 300


def test_processes_that_need_a_key_first_agree_on_it(pool: ProcessPoolExecutor, tmp_path: Path) -> None:
    assert len(set(in_every_process(pool, writers.make_key, *[(tmp_path,)] * PROCESSES))) == 1


def acknowledged_before_kill(home: Path, *what: str) -> list[int]:
    """What a writer process had been told is stored, when it was killed without warning."""
    command = [sys.executable, "-m", "tests.contracts.writers", str(home), *what]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(0.15)
        os.kill(process.pid, signal.SIGKILL)
        said = first + process.stdout.read()
    return [int(line) for line in said.splitlines(keepends=True) if line.endswith("\n")]


def test_every_acknowledged_write_survives_a_killed_writer(tmp_path: Path) -> None:
    batch = a_batch(100_000, leaves=1)
    for _ in range(2):
        told = acknowledged_before_kill(tmp_path, "settle", batch.model_dump_json())
        ledger = SqliteLedger(Database(tmp_path / "state.db", schema.STEPS))
        stored = [found.ref.position for found in ledger.outcomes(batch.batch_id, 0, limit=100_000)]
        assert told
        assert set(told) <= set(stored)
        assert ledger.leaves(batch.batch_id, 0)[0].n == len(stored)


def test_every_acknowledged_object_survives_a_killed_writer_and_none_is_half(tmp_path: Path) -> None:
    told = acknowledged_before_kill(tmp_path, "put")
    blobs = FolderBlobs(tmp_path / "objects", base_url="", keys=list)
    stored = list(blobs.list("a/"))
    assert told
    assert {f"a/{number}" for number in told} <= set(stored)
    assert {blobs.stat(key).size for key in stored} == {100_000}
