"""What every route reads from, and the owner it reads for."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from shared.domain.identity import job_place
from shared.errors import NotFound
from shared.models.batch import Batch
from shared.ports.blobs import Blobs
from shared.ports.bus import Bus, DeadLetters, Queues
from shared.ports.cache import Cache
from shared.ports.courses import Seal
from shared.ports.engine import Runs
from shared.ports.ledger import Ledger
from shared.ports.world import Clock, Notary
from shared.steps.alignments import Alignments
from shared.steps.manifest import Manifest
from shared.steps.reading import Overview, overview
from shared.steps.roster import Roster


@dataclass(frozen=True)
class Store:
    """
    The ports, for one owner. ``workers`` is how many runs the engine makes at a time.

    ``quiet`` is how long a message may be silent before it is published again.
    ``artefacts_folder`` is where objects are files; None in the cloud.
    """

    owner: str
    ledger: Ledger
    blobs: Blobs
    clock: Clock
    manifest: Manifest
    roster: Roster
    alignments: Alignments
    bus: Bus
    letters: DeadLetters
    queues: Queues
    runs: Runs
    answers: Cache
    notary: Notary
    workers: int
    quiet: timedelta
    artefacts_folder: Path | None

    def batch(self, batch_id: str) -> Batch:
        """The batch; NotFound if there is none, or it is another's."""
        batch = self.ledger.batch(batch_id)
        if batch.owner != self.owner:
            raise NotFound(f"no batch {batch_id}")
        return batch

    def seal(self, batch_id: str) -> Seal:
        """The seal of a batch; NotFound as for the batch."""
        seal = self.ledger.seal(batch_id)
        if seal.owner != self.owner:
            raise NotFound(f"no batch {batch_id}")
        return seal

    def overview(self, batch_id: str) -> Overview:
        """How the batch stands."""
        return overview(self.ledger, self.batch(batch_id))

    def job(self, job_id: str) -> tuple[Batch, int]:
        """The batch and position of a job; NotFound if there is none, or it is another's."""
        place = job_place(job_id)
        if place is None:
            raise NotFound(f"no job {job_id}")
        batch = self.batch(place[0])
        if place[1] >= batch.counts.jobs:
            raise NotFound(f"no job {job_id}")
        return batch, place[1]
