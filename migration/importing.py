"""
One planned batch into the home, through the ordinary ports: library, batch, outcomes, closing.

Every step may be repeated: ids are derived from the source, facts are created once, and files are the
same bytes again. So a run that died is finished by the next one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from migration.composing import (
    Importer,
    batch_id,
    cancelled_at,
    closed_at,
    compose_batch,
    compose_outcome,
    fingerprint,
    reference,
    results_document,
)
from migration.deciding import Job, Plan
from shared.catalogue.entry import entry_of
from shared.domain.lifecycle import first_round, tree_of
from shared.errors import Gone, IllegalMove, NotFound
from shared.events.messages import BatchFinished
from shared.models.base import Frozen
from shared.models.batch import Batch
from shared.models.facts import OutcomeKind
from shared.models.work import Artefact
from shared.ports.blobs import Blobs, Stat
from shared.ports.bus import Bus
from shared.ports.ledger import Ledger
from shared.ports.world import Clock
from shared.steps import manifest
from shared.steps.roster import Roster
from shared.steps.settling import climb, settle

ROUND = 0


class State(Enum):
    """What the home had of the batch before."""

    NEW = auto()
    UNFINISHED = auto()
    THERE = auto()
    DELETED = auto()


@dataclass(frozen=True)
class Then:
    """A clock that stands at the time of what is told: an imported batch keeps its times."""

    moment: datetime

    def now(self) -> datetime:
        """See ``Clock.now``."""
        return self.moment


@dataclass(frozen=True)
class Home:
    """The ports that an import writes through."""

    ledger: Ledger
    blobs: Blobs
    bus: Bus
    clock: Clock


def state_of(plan: Plan, home: Home, importer: Importer) -> State:
    """
    What is there of the batch.

    Raises:
        IllegalMove: it was imported from documents that said something else; a batch never changes.
    """
    id = batch_id(importer.owner, plan.group.id)
    try:
        batch = home.ledger.batch(id)
    except Gone:
        return State.DELETED
    except NotFound:
        return State.NEW
    if batch.fingerprint != fingerprint(plan):
        raise IllegalMove(f"{id} was imported from other documents than these, and a batch never changes")
    closing = home.ledger.closing(id, ROUND)
    return State.THERE if closing is not None and closing.finished_at is not None else State.UNFINISHED


def import_batch(plan: Plan, home: Home, importer: Importer) -> Batch:
    """
    Everything up to the closing, which is announced: artefacts are the business of ``aggregate``.

    The batch is marked as imported, so nobody starts a ligand of it meanwhile.
    """
    chunks = list(_store_library(plan, home.blobs, importer))
    batch = home.ledger.open(
        compose_batch(plan, importer, manifest.library_digest(chunks), now=home.clock.now())
    )
    when = cancelled_at(plan, batch)
    if when is not None:
        home.ledger.intend(batch.batch_id, cancelled_at=when)
    _settle(batch, plan, home)
    # The closing may have been announced by a run that died, and its message be lost.
    home.bus.publish([BatchFinished(batch_id=batch.batch_id, round=ROUND)])
    return batch


def _store_library(plan: Plan, blobs: Blobs, importer: Importer) -> Iterator[Stat]:
    store = manifest.store_of(batch_id(importer.owner, plan.group.id), fingerprint(plan))
    for chunk, rows in enumerate(_chunks([job.row for job in plan.valid])):
        yield blobs.put(manifest.jobs_key(store, chunk), manifest.encode(rows))
    for chunk, rows in enumerate(_chunks(plan.rejected)):
        yield blobs.put(manifest.rejected_key(store, chunk), manifest.encode(rows))


def _chunks(rows: Sequence[Frozen]) -> Iterator[Sequence[Frozen]]:
    return (rows[start : start + manifest.CHUNK] for start in range(0, len(rows), manifest.CHUNK))


def _settle(batch: Batch, plan: Plan, home: Home) -> None:
    round, jobs = first_round(batch), plan.valid
    tree, clock, roster = tree_of(round), Then(closed_at(plan, batch)), Roster(home.blobs)
    for leaf in home.ledger.leaves(batch.batch_id, ROUND):
        if leaf.n == tree.quota(0, leaf.k):
            climb(round, (0, leaf.k), leaf.n, ledger=home.ledger, bus=home.bus, clock=clock)
            continue
        mine = [jobs[position] for position in tree.positions(leaf.k)]
        outcomes = [compose_outcome(batch, job, store_files(batch, job, home.blobs)) for job in mine]
        settle(
            batch,
            round,
            outcomes,
            ledger=home.ledger,
            bus=home.bus,
            clock=clock,
            roster=roster,
            notices=None,
            releasing=False,
        )


def store_files(batch: Batch, job: Job, blobs: Blobs) -> list[Artefact]:
    """The files of a completed job; of any other, none."""
    if job.ended.kind is not OutcomeKind.COMPLETED:
        return []
    folder = f"batches/{batch.batch_id}/jobs/{reference(batch, job).job_id}"
    stored = [blobs.put(f"{folder}/results.json", results_document(batch, job, entry_of(batch)))]
    stored += [blobs.put(f"{folder}/{file.name}", file.read()) for file in job.evidence.files]
    return [
        Artefact(name=stat.key.rpartition("/")[2], key=stat.key, size=stat.size, sha256=stat.sha256)
        for stat in stored
    ]
