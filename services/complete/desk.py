"""What the end of an attempt needs at hand: the first pause between attempts, and the ports."""

from dataclasses import dataclass
from datetime import timedelta

from shared.ports.blobs import Blobs
from shared.ports.bus import Bus
from shared.ports.ledger import Ledger
from shared.ports.world import Clock
from shared.steps.manifest import Manifest
from shared.steps.notices import Notices
from shared.steps.roster import Roster


@dataclass(frozen=True)
class Desk:
    """The ports, for one message."""

    first_backoff: timedelta
    ledger: Ledger
    blobs: Blobs
    bus: Bus
    clock: Clock
    manifest: Manifest
    roster: Roster
    notices: Notices
