"""HTTP entry of ``webhook``."""

import functions_framework
from flask import Request

from services.webhook.handler import MOST_BYTES, handle
from shared import wiring
from shared.entry import answering


@functions_framework.http
@answering
def webhook(request: Request) -> object:
    """``POST /api/v3/webhooks/engine``: 204 once the completion is on its topic."""
    handle(
        request.stream.read(MOST_BYTES + 1),
        dict(request.headers),
        bus=wiring.bus(),
        clock=wiring.clock(),
        keys=[(key.id, key.secret) for key in wiring.secrets().keys("webhook")],
    )
    return "", 204
