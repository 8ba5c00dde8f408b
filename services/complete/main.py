"""Event entry of ``complete``."""

import functions_framework

from services.complete.desk import Desk
from services.complete.handler import handle
from shared import wiring
from shared.entry import receiving
from shared.events.messages import JobFinished
from shared.settings import settings


@functions_framework.http
@receiving(JobFinished)
def complete(event: JobFinished) -> None:
    """One ``job-finished`` message."""
    desk = Desk(
        first_backoff=settings().seconds("retry"),
        ledger=wiring.ledger(),
        blobs=wiring.blobs(),
        bus=wiring.bus(),
        clock=wiring.clock(),
        manifest=wiring.manifest(),
        roster=wiring.roster(),
        notices=wiring.notices(),
    )
    handle(event, desk)
