"""What the end of a batch needs at hand: how long a claim holds, and the ports."""

from dataclasses import dataclass
from datetime import timedelta

from shared.ports.blobs import Blobs
from shared.ports.ledger import Ledger
from shared.ports.world import Clock, Notary
from shared.steps.manifest import Manifest
from shared.steps.notices import Notices


@dataclass(frozen=True)
class Desk:
    """The ports, for one message."""

    lease: timedelta
    ledger: Ledger
    blobs: Blobs
    clock: Clock
    manifest: Manifest
    notices: Notices
    notary: Notary
