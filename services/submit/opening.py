"""What opens a batch for its owner, with the ports as they are wired."""

from functools import partial

from services.submit.handler import handle
from services.submit.routes import Accept
from services.submit.source import Limits
from services.submit.storing import Means
from shared import wiring
from shared.metered import quota_of
from shared.models.access import Principal
from shared.settings import settings


def accepting(caller: Principal, idempotency_key: str | None, means: Means) -> Accept:
    """Takes an order of this caller."""
    return partial(
        handle,
        idempotency_key=idempotency_key,
        owner=caller.owner,
        means=means,
        ledger=wiring.ledger(),
        blobs=wiring.blobs(),
        bus=wiring.bus(),
        engine=wiring.engine(),
        clock=wiring.clock(),
        manifest=wiring.manifest(),
        roster=wiring.roster(),
        alignments=wiring.alignments(),
        limits=Limits.of(settings()),
        quota=quota_of(caller),
    )
