"""What the processes of the multi-process tests do; importable, so that each starts from nothing."""

import sys
from datetime import timedelta
from pathlib import Path

from shared.adapters.local import schema
from shared.adapters.local.blobs import FolderBlobs
from shared.adapters.local.bus import SqliteBus
from shared.adapters.local.database import Database
from shared.adapters.local.ledger import SqliteLedger
from shared.adapters.local.world import FolderSecrets
from shared.domain.tree import Tree
from shared.models.batch import Batch
from tests.contracts.backends import TOPICS
from tests.support.facts import outcome, ref
from tests.support.tables import SOON
from tests.support.world import NOON, HandClock


def settle_all(home: Path, batch: Batch, start: int) -> tuple[int, int]:
    """Settle every job from ``start`` on, around; how many were created, how often a leaf became full."""
    database = Database(home / "state.db", schema.STEPS, fsync=False)
    ledger, jobs = SqliteLedger(database), batch.counts.valid
    tree, created, filled = Tree(jobs, batch.leaves, batch.window), 0, 0
    ledger.open(batch)
    for step in range(jobs):
        position = (start + step) % jobs
        leaf = tree.leaf_of(position)
        settled = ledger.settle(batch.batch_id, leaf, [outcome(batch, position)], now=NOON)
        created += settled.created
        filled += bool(settled.created) and settled.n == tree.quota(0, leaf)
    database.close()
    return created, filled


def claim_all(home: Path, batch: Batch) -> int:
    """Claim every job; how many claims were granted."""
    database = Database(home / "state.db", schema.STEPS, fsync=False)
    ledger = SqliteLedger(database)
    granted = [
        ledger.claim(ref(batch, position), now=NOON, lease_until=NOON)
        for position in range(batch.counts.valid)
    ]
    database.close()
    return sum(attempt is not None and attempt.claims == 1 for attempt in granted)


def take_all(home: Path) -> list[int]:
    """Lease and acknowledge until there is nothing left; the ids of what was taken."""
    database = Database(home / "state.db", schema.STEPS, fsync=False)
    bus = SqliteBus(database, HandClock(), TOPICS, pause=SOON.pause)
    taken = list[int]()
    while found := bus.lease("dispatch", limit=5, visibility=timedelta(minutes=1)):
        taken += [item.id for item in found]
        bus.acknowledge_all(found)
    database.close()
    return taken


def make_key(home: Path) -> bytes:
    """The webhook's secret, made if need be."""
    return FolderSecrets(home / "secrets").keys("webhook")[0].secret


def settle_until_killed(home: Path, batch: Batch) -> None:
    """Settle one job after the other, durably, and say so after each; never ends by itself."""
    ledger = SqliteLedger(Database(home / "state.db", schema.STEPS, fsync=True))
    ledger.open(batch)
    for position in range(batch.counts.valid):
        ledger.settle(batch.batch_id, 0, [outcome(batch, position)], now=NOON)
        sys.stdout.write(f"{position}\n")
        sys.stdout.flush()


def put_until_killed(home: Path) -> None:
    """Put one object after the other, durably, and say so after each."""
    blobs = FolderBlobs(home / "objects", base_url="", keys=list, fsync=True)
    for number in range(100_000):
        blobs.put(f"a/{number}", iter([b"x" * 50_000, b"y" * 50_000]))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    folder, what = Path(sys.argv[1]), sys.argv[2]
    if what == "settle":
        settle_until_killed(folder, Batch.model_validate_json(sys.argv[3]))
    else:
        put_until_killed(folder)
