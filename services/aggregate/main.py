"""Event entry of ``aggregate``."""

import functions_framework

from services.aggregate.desk import Desk
from services.aggregate.handler import handle
from shared import wiring
from shared.entry import receiving
from shared.events.messages import BatchFinished
from shared.settings import settings


@functions_framework.http
@receiving(BatchFinished)
def aggregate(event: BatchFinished) -> None:
    """One ``batch-finished`` message."""
    desk = Desk(
        lease=settings().seconds("aggregate_lease"),
        ledger=wiring.ledger(),
        blobs=wiring.blobs(),
        clock=wiring.clock(),
        manifest=wiring.manifest(),
        notices=wiring.notices(),
        notary=wiring.notary(),
    )
    handle(event, desk)
