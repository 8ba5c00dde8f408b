"""Event entry of ``align``."""

import time

import functions_framework

from services.align.handler import handle
from services.align.searching import Terms
from services.align.server import connection
from shared import wiring
from shared.entry import receiving
from shared.events.messages import AlignmentWanted
from shared.settings import settings


@functions_framework.http
@receiving(AlignmentWanted)
def align(event: AlignmentWanted) -> None:
    """One ``alignment-wanted`` message."""
    handle(
        event,
        terms=Terms.of(settings()),
        connect=lambda: connection(settings(), wiring.secrets),
        pause=time.sleep,
        ledger=wiring.ledger(),
        blobs=wiring.blobs(),
        bus=wiring.bus(),
        clock=wiring.clock(),
        roster=wiring.roster(),
        alignments=wiring.alignments(),
    )
