"""What deleted batches left: their objects first, then their records."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, islice, takewhile

from services.reconcile.world import Finding, World
from shared.domain.identity import job_id
from shared.errors import Gone

MOST_BATCHES = 20
MOST_OBJECTS, PORTION = 5000, 500
LONGEST = timedelta(seconds=60)
"""At most so many objects a pass, and no new portion after that time: the function has to answer in 300 s."""
MOST_RECORDS = 5000
FOLDERS = ("batches", "archive")


@dataclass
class Budget:
    """What one pass may still erase."""

    objects: int
    until: datetime

    def portion(self, now: datetime) -> int:
        """How many objects may be erased at once; 0 if that is enough for this pass."""
        return min(PORTION, self.objects) if now < self.until else 0


def erase_deleted(world: World) -> list[Finding]:
    """
    Erase a bounded part of what deleted batches left; the rest at the next pass.

    Nothing notes how far it came: what is erased is not listed again.
    """
    budget, findings = Budget(MOST_OBJECTS, world.now() + LONGEST), list[Finding]()
    for deleted in world.ledger.deleted(limit=MOST_BATCHES):
        if not budget.portion(world.now()):
            break
        findings += _erase(world, deleted, budget)
    return findings


def _erase(world: World, deleted: Gone, budget: Budget) -> Iterator[Finding]:
    """
    The records go last, and not before an aggregation that may still write has lost its lease:
    as long as they stand, the objects are looked for again.
    """
    objects = _erase_objects(world, deleted.batch_id, budget)
    if objects:
        yield _finding(deleted, f"erased {objects} objects")
    may_be_written = world.now() < deleted.deleted_at + world.patience.aggregation + timedelta(seconds=1)
    if objects == 0 and not may_be_written and _erase_records(world, deleted.batch_id):
        yield _finding(deleted, "erased its records")


def _erase_records(world: World, batch_id: str) -> bool:
    """What the engine keeps, what was to be told, then what the ledger keeps; whether nothing is left."""
    if not world.notices.hooks.forget_batch(batch_id, limit=MOST_RECORDS):
        return False
    if not world.engine.forget(batch_id, limit=MOST_RECORDS):
        return False
    return world.ledger.erase(batch_id, limit=MOST_RECORDS)


def _erase_objects(world: World, batch_id: str, budget: Budget) -> int:
    """How many were erased; none means that there are none, as long as the budget was not spent before."""
    folders = [*(f"{folder}/{batch_id}/" for folder in FOLDERS), *_folders_elsewhere(world, batch_id)]
    keys = (key for folder in folders for key in world.blobs.list(folder))
    erased = 0
    while some := list(islice(keys, budget.portion(world.now()))):
        world.blobs.delete_many(some)
        budget.objects -= len(some)
        erased += len(some)
    return erased


def _folders_elsewhere(world: World, batch_id: str) -> list[str]:
    """Those of a single prediction, which its closings name; they are named after its one job."""
    closings = (world.ledger.closing(batch_id, round) for round in count())
    files = (file for closing in takewhile(bool, closings) if closing for file in closing.artefacts)
    return sorted({f"{file.key.rpartition('/')[0]}/" for file in files if job_id(batch_id, 0) in file.key})


def _finding(deleted: Gone, action: str) -> Finding:
    return Finding(batch_id=deleted.batch_id, reason="the batch was deleted", action=action)
