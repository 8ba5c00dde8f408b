"""What deleted batches left: their objects first, then their records."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count, islice, takewhile

from services.reconcile.world import Finding, World
from shared.domain.identity import job_id
from shared.errors import Gone

MOST_BATCHES = 20
MOST_OBJECTS = 5000
MOST_RECORDS = 5000
FOLDERS = ("batches", "archive")


def erase_deleted(world: World) -> list[Finding]:
    """Erase a bounded part of what deleted batches left; the rest at the next pass."""
    return [finding for it in world.ledger.deleted(limit=MOST_BATCHES) for finding in _erase(world, it)]


def _erase(world: World, deleted: Gone) -> Iterator[Finding]:
    """
    The records go last, and not before an aggregation that may still write has lost its lease:
    as long as they stand, the objects are looked for again.
    """
    objects = _erase_objects(world, deleted.batch_id)
    if objects:
        yield _finding(deleted, f"erased {objects} objects")
    may_be_written = world.now() < deleted.deleted_at + world.patience.aggregation + timedelta(seconds=1)
    if objects == 0 and not may_be_written and _erase_records(world, deleted.batch_id):
        yield _finding(deleted, "erased its records")


def _erase_records(world: World, batch_id: str) -> bool:
    """What the engine keeps, then what the ledger keeps; whether nothing is left."""
    if not world.engine.forget(batch_id, limit=MOST_RECORDS):
        return False
    return world.ledger.erase(batch_id, limit=MOST_RECORDS)


def _erase_objects(world: World, batch_id: str) -> int:
    folders = [*(f"{folder}/{batch_id}/" for folder in FOLDERS), *_folders_elsewhere(world, batch_id)]
    keys = (key for folder in folders for key in world.blobs.list(folder))
    some = list(islice(keys, MOST_OBJECTS))
    for key in some:
        world.blobs.delete(key)
    return len(some)


def _folders_elsewhere(world: World, batch_id: str) -> list[str]:
    """Those of a single prediction, which its closings name; they are named after its one job."""
    closings = (world.ledger.closing(batch_id, round) for round in count())
    files = (file for closing in takewhile(bool, closings) if closing for file in closing.artefacts)
    return sorted({f"{file.key.rpartition('/')[0]}/" for file in files if job_id(batch_id, 0) in file.key})


def _finding(deleted: Gone, action: str) -> Finding:
    return Finding(batch_id=deleted.batch_id, reason="the batch was deleted", action=action)
