"""The suite is only worth its name if it catches the classic bugs: each is planted, and must be found."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import services.aggregate.handler
import services.complete.handler
from services.aggregate.artefacts import write_all
from shared import wiring
from shared.adapters.local import countdown
from shared.adapters.local.blobs import FolderBlobs
from shared.adapters.local.ledger import SqliteLedger
from shared.models.facts import Outcome, Settled
from shared.settings import settings
from shared.steps import settling
from shared.steps.settling import settle
from tests.faults.schedule import run_schedule
from tests.faults.test_strikes import WIDE, completions, strike_all
from tests.support.boundaries import Fault

SEEDS = range(1, 41)
honest_settle = countdown._settle


def bare_increment(
    connection: sqlite3.Connection, batch_id: str, leaf: int, outcomes: Sequence[Outcome], now: int
) -> Settled:
    """Counts every delivery, not every outcome."""
    settled = honest_settle(connection, batch_id, leaf, outcomes, now)
    if settled.created:
        return settled
    connection.execute(
        "UPDATE nodes SET n = n + 1, completed = completed + 1 WHERE batch_id = ? AND level = 0 AND k = ?",
        (batch_id, leaf),
    )
    return Settled(created=0, n=settled.n + 1)


def acknowledge_and_forget(
    batch: Any, round: Any, outcomes: Sequence[Outcome], *, ledger: Any, **rest: Any
) -> None:
    """A duplicate is acknowledged without a look at what its twin left undone."""
    if SqliteLedger(wiring.local_database()).outcome(outcomes[0].ref) is None:
        settle(batch, round, outcomes, ledger=ledger, **rest)


def status_first(
    batch: Any, status: Any, accounting: Any, closed_at: Any, table: Any, *, cost: Any, blobs: Any
) -> Any:
    """The batch is said to be finished, then its artefacts are written."""
    scratch = FolderBlobs(settings().home / "scratch", base_url="", keys=list, fsync=False)
    artefacts, summary = write_all(batch, status, accounting, closed_at, table, cost=cost, blobs=scratch)
    ledger = wiring.ledger()
    closing = ledger.closing(batch.batch_id, 0)
    assert closing is not None
    ledger.finish(
        batch.batch_id,
        0,
        fence=closing.fence,
        status=status.value,
        summary=summary,
        artefacts=artefacts,
        now=wiring.clock().now(),
    )
    return write_all(batch, status, accounting, closed_at, table, cost=cost, blobs=blobs)


def schedules_find_it(home: Path) -> None:
    """Run schedules until one fails."""
    for seed in SEEDS:
        run_schedule(seed, home / str(seed))


@pytest.mark.faults
def test_a_bare_increment_is_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(countdown, "_settle", bare_increment)
    with pytest.raises(AssertionError):
        schedules_find_it(home)


@pytest.mark.faults
def test_a_duplicate_acknowledged_without_helping_is_found(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = completions("wide window")
    monkeypatch.setattr(services.complete.handler, "settle", acknowledge_and_forget)
    with pytest.raises(AssertionError, match="not finished"):
        strike_all(WIDE, numbers, [Fault.KILL_AFTER], home, reconciling=False)


@pytest.mark.faults
def test_a_milestone_that_only_its_own_settle_looks_for_is_found(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = completions("wide window")
    monkeypatch.setattr(settling, "THRESHOLDS", ())
    with pytest.raises(AssertionError):
        strike_all(WIDE, numbers, [Fault.KILL_AFTER], home, reconciling=False)


@pytest.mark.faults
def test_a_status_before_its_data_is_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services.aggregate.handler, "write_all", status_first)
    with pytest.raises(AssertionError):
        schedules_find_it(home)
