"""Event entry of ``dispatch``."""

import functions_framework
from cloudevents.http import CloudEvent

from services.dispatch.handler import handle
from services.dispatch.orders import Terms
from shared import wiring
from shared.entry import parking_failures
from shared.events.envelope import decode
from shared.events.messages import JobQueued
from shared.settings import settings


@functions_framework.cloud_event
def dispatch(event: CloudEvent) -> None:
    """One ``job-queued`` message."""
    with parking_failures(JobQueued.topic, event.data):
        handle(
            decode(event.data, JobQueued),
            terms=Terms.of(settings()),
            ledger=wiring.ledger(),
            blobs=wiring.blobs(),
            engine=wiring.engine(),
            clock=wiring.clock(),
            manifest=wiring.manifest(),
            roster=wiring.roster(),
        )
