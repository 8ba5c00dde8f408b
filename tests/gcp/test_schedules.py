"""The fault schedules of the embedded backend, with the state in Firestore: the same invariant holds."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults.schedule import run_schedule
from tests.support.firestore import Ledgers
from tests.support.gcp_chain import ledgers_in_firestore

pytestmark = [pytest.mark.gcp, pytest.mark.faults]
SEEDS = range(1, 9)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(before)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_schedule_on_firestore_settles_each_ligand_exactly_once(
    new_ledger: Ledgers, tmp_path: Path, seed: int
) -> None:
    with ledgers_in_firestore(new_ledger, age=timedelta(seconds=1)):
        run_schedule(seed, tmp_path / "home")
