"""What a submission has at hand: who submits, under which key, and the ports."""

from dataclasses import dataclass

from services.submit.means import Means
from services.submit.telling import Switchboard
from shared.ports.blobs import Blobs
from shared.ports.bus import Bus
from shared.ports.engine import Engine
from shared.ports.ledger import Ledger
from shared.ports.world import Clock
from shared.steps.alignments import Alignments
from shared.steps.manifest import Manifest
from shared.steps.quotas import Quota
from shared.steps.roster import Roster


@dataclass(frozen=True)
class Desk:
    """The ports, for one caller's order or repetition; ``quota`` is the owner's."""

    owner: str
    idempotency_key: str | None
    means: Means
    ledger: Ledger
    blobs: Blobs
    bus: Bus
    engine: Engine
    clock: Clock
    manifest: Manifest
    roster: Roster
    alignments: Alignments
    quota: Quota
    switchboard: Switchboard
