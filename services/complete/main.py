"""Event entry of ``complete``."""

import functions_framework
from cloudevents.http import CloudEvent

from services.complete.handler import handle
from shared import wiring
from shared.entry import parking_failures
from shared.events.envelope import decode
from shared.events.messages import JobFinished
from shared.settings import settings


@functions_framework.cloud_event
def complete(event: CloudEvent) -> None:
    """One ``job-finished`` message."""
    with parking_failures(JobFinished.topic, event.data):
        handle(
            decode(event.data, JobFinished),
            first_backoff=settings().seconds("retry"),
            ledger=wiring.ledger(),
            blobs=wiring.blobs(),
            bus=wiring.bus(),
            clock=wiring.clock(),
            manifest=wiring.manifest(),
            roster=wiring.roster(),
        )
