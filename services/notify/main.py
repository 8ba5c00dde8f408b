"""Event entry of ``notify``."""

import functions_framework

from services.notify.calling import Caller
from services.notify.handler import handle
from shared import wiring
from shared.entry import receiving
from shared.events.messages import NoticeDue
from shared.settings.webhooks import WebhookSettings


@functions_framework.http
@receiving(NoticeDue)
def notify(event: NoticeDue) -> None:
    """One ``notice-due`` message."""
    handle(
        event,
        hooks=wiring.hooks(),
        ledger=wiring.ledger(),
        bus=wiring.bus(),
        vault=wiring.vault(),
        calls=Caller(loopback=WebhookSettings().loopback),
        clock=wiring.clock(),
    )
