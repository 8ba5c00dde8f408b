"""Event entry of ``dispatch``."""

import functions_framework

from services.dispatch.desk import Desk
from services.dispatch.handler import handle
from services.dispatch.orders import Terms
from shared import wiring
from shared.entry import receiving
from shared.events.messages import JobQueued
from shared.settings import settings


@functions_framework.http
@receiving(JobQueued)
def dispatch(event: JobQueued) -> None:
    """One ``job-queued`` message."""
    desk = Desk(
        terms=Terms.of(settings()),
        ledger=wiring.ledger(),
        blobs=wiring.blobs(),
        bus=wiring.bus(),
        engine=wiring.engine(),
        clock=wiring.clock(),
        manifest=wiring.manifest(),
        roster=wiring.roster(),
        alignments=wiring.alignments(),
    )
    handle(event, desk)
