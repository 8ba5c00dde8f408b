"""
Many threads settle one batch on Firestore: ligands twice, answers lost, processes dying half-way.

The countdown must find one hundred per cent exactly once, whoever helps whom.
"""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.cloud.relay import Loss
from shared.adapters.local import schema
from shared.adapters.local.blobs import FolderBlobs
from shared.adapters.local.bus import SqliteBus
from shared.adapters.local.database import Database
from shared.domain.lifecycle import first_round, tree_of
from shared.errors import TransientError
from shared.models.batch import Batch
from shared.ports.ledger import Ledger
from shared.steps.roster import Roster
from shared.steps.settling import settle
from tests.support.boundaries import Boundaries, Fault, Killed
from tests.support.facts import SECOND, a_batch, outcome
from tests.support.firestore import Ledgers, Relays
from tests.support.tables import SOON
from tests.support.world import HandClock

pytestmark = pytest.mark.gcp
JOBS, LEAVES, THREADS = 120, 40, 16
REPEATED, FAULTY, LOST = 0.3, 0.04, 0.02


class Crowd:
    """Sixteen workers on one batch, who hear of every ligand at least once, in any order."""

    def __init__(self, ledger: Ledger, home: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.full = Counter[Any]()
        self.bus = SqliteBus(
            Database(home / "state.db", schema.STEPS, fsync=False),
            HandClock(),
            {"batch-finished": ("aggregate",), "job-queued": ()},
            pause=SOON.pause,
        )
        self.roster = Roster(FolderBlobs(home / "objects", base_url="", keys=list, fsync=False))
        boundaries = Boundaries(self._fault, seen=self._saw)
        self.ledger: Any = boundaries.wrap("ledger", ledger)
        self.batch: Batch = ledger.open(a_batch(JOBS, leaves=LEAVES))
        self.tree = tree_of(first_round(self.batch))

    def _fault(self, number: int, name: str) -> Fault | None:
        return self.chance.choice(list(Fault)) if self.chance.random() < FAULTY else None

    def _saw(self, name: str, answer: Any, arguments: tuple[Any, ...]) -> None:
        """Who was told that a leaf is full by the commit that filled it."""
        if name == "ledger.settle" and answer.created and answer.n == self.tree.quota(0, arguments[1]):
            self.full[arguments[1]] += 1

    def settle_all(self) -> None:
        """Every message is delivered until it is acknowledged, some once more."""
        messages = list(range(JOBS)) + self.chance.sample(range(JOBS), int(JOBS * REPEATED))
        self.chance.shuffle(messages)
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self._deliver, messages))

    def _deliver(self, position: int) -> None:
        while True:
            try:
                settle(
                    self.batch,
                    first_round(self.batch),
                    [outcome(self.batch, position)],
                    ledger=self.ledger,
                    bus=self.bus,
                    clock=HandClock(),
                    roster=self.roster,
                    notices=None,
                    releasing=True,
                )
            except (Killed, TransientError):
                continue
            return


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_crowd_with_duplicates_crashes_and_lost_answers_closes_the_batch_once(
    new_ledger: Ledgers, relayed: Relays, tmp_path: Path, seed: int
) -> None:
    network, truth = random.Random(seed), new_ledger()
    lost = lambda method, request: Loss.ANSWER if network.random() < LOST else None  # noqa: E731
    crowd = Crowd(new_ledger(relayed(lose=lost)), tmp_path, seed)
    crowd.settle_all()
    batch = crowd.batch.batch_id
    assert len(truth.outcomes(batch, 0, limit=999)) == JOBS
    assert [leaf.n for leaf in truth.leaves(batch, 0)] == [crowd.tree.quota(0, k) for k in range(LEAVES)]
    assert [node.n for node in truth.nodes(batch, 0)] == [crowd.tree.quota(*it) for it in crowd.tree.nodes()]
    assert set(crowd.full.values()) <= {1}, "two were told that they filled the leaf"
    closing = truth.closing(batch, 0)
    assert closing is not None
    assert closing.announced_at is not None
    assert len(crowd.bus.lease("aggregate", limit=99, visibility=SECOND)) >= 1
