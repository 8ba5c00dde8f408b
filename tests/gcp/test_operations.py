"""What a ligand asks of Google's services stays within its bounds, and grows by the ligand."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.operations import Counts, counted, growth
from bench.rehearsal import Rehearsal
from tests.support.emulators import Emulators

pytestmark = [pytest.mark.gcp, pytest.mark.slow]
FEW, MANY = 100, 300
READS, WRITES, DELETES = 2, 5, 2
MESSAGES, REQUESTS, FEW_OBJECTS = 2, 3, 0.05


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(before)


def operations(jobs: int, folder: Path, emulators: Emulators, project: str) -> Counts:
    """What one screen of no-op jobs asks for."""
    with Rehearsal(
        folder,
        f"{project}-{jobs}",
        firestore=emulators.firestore,
        pubsub=emulators.pubsub,
        storage=emulators.storage,
    ) as rehearsal:
        return counted(rehearsal, jobs)


def test_a_ligand_costs_two_reads_and_five_writes_at_most_however_many_there_are(
    emulators: Emulators, project: str, tmp_path: Path
) -> None:
    few, many = (operations(jobs, tmp_path / str(jobs), emulators, project) for jobs in (FEW, MANY))
    for jobs, counts in ((FEW, few), (MANY, many)):
        assert counts["firestore_reads"] <= READS * jobs, counts
        assert counts["firestore_writes"] <= WRITES * jobs, counts
        assert counts["firestore_deletes"] == DELETES * jobs, counts
    each = growth((FEW, few), (MANY, many))
    assert each["firestore_reads"] <= READS, each
    assert 4 <= each["firestore_writes"] < 4.2, each
    assert each["pubsub_messages"] == MESSAGES, each
    assert each["function_requests"] == REQUESTS, each
    assert each["objects_class_a"] + each["objects_class_b"] < FEW_OBJECTS, each
