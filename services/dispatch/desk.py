"""What a dispatch has at hand: the terms of this installation, and the ports."""

from dataclasses import dataclass

from services.dispatch.orders import Terms
from shared.ports.blobs import Blobs
from shared.ports.bus import Bus
from shared.ports.engine import Engine
from shared.ports.ledger import Ledger
from shared.ports.world import Clock
from shared.steps.alignments import Alignments
from shared.steps.manifest import Manifest
from shared.steps.roster import Roster


@dataclass(frozen=True)
class Desk:
    """The ports, for one message."""

    terms: Terms
    ledger: Ledger
    blobs: Blobs
    bus: Bus
    engine: Engine
    clock: Clock
    manifest: Manifest
    roster: Roster
    alignments: Alignments
