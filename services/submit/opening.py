"""What opens a batch for its owner, with the ports as they are wired."""

from functools import partial

from services.submit.desk import Desk
from services.submit.handler import handle
from services.submit.means import Means
from services.submit.replaying import replay
from services.submit.routes import Accept, Again, Check
from services.submit.source import Limits
from services.submit.telling import Switchboard
from shared import wiring
from shared.metered import quota_of
from shared.models.access import Principal
from shared.settings import settings
from shared.settings.webhooks import WebhookSettings


def accepting(desk: Desk) -> Accept:
    """Takes an order."""
    return partial(handle, desk=desk, limits=Limits.of(settings()))


def repeating(desk: Desk) -> Again:
    """Computes a batch once more."""
    return partial(replay, desk=desk)


def checking(desk: Desk) -> Check:
    """Looks at who is to be told."""
    return partial(desk.switchboard.check, owner=desk.owner)


def desk_of(caller: Principal, idempotency_key: str | None) -> Desk:
    """What is at hand for this caller."""
    return Desk(
        owner=caller.owner,
        idempotency_key=idempotency_key,
        means=Means.of(settings()),
        ledger=wiring.ledger(),
        blobs=wiring.blobs(),
        bus=wiring.bus(),
        engine=wiring.engine(),
        clock=wiring.clock(),
        manifest=wiring.manifest(),
        roster=wiring.roster(),
        alignments=wiring.alignments(),
        quota=quota_of(caller),
        switchboard=Switchboard(wiring.hooks(), wiring.vault, WebhookSettings().loopback),
    )
