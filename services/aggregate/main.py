"""Event entry of ``aggregate``."""

import functions_framework
from cloudevents.http import CloudEvent

from services.aggregate.handler import handle
from shared import wiring
from shared.entry import parking_failures
from shared.events.envelope import decode
from shared.events.messages import BatchFinished
from shared.settings import settings


@functions_framework.cloud_event
def aggregate(event: CloudEvent) -> None:
    """One ``batch-finished`` message."""
    with parking_failures(BatchFinished.topic, event.data):
        handle(
            decode(event.data, BatchFinished),
            lease=settings().seconds("aggregate_lease"),
            ledger=wiring.ledger(),
            blobs=wiring.blobs(),
            clock=wiring.clock(),
            manifest=wiring.manifest(),
        )
