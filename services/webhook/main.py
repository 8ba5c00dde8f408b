"""HTTP entry of ``webhook``."""

import functions_framework
from flask import Request

from services.webhook.handler import MOST_BYTES, handle
from shared import logs, tracing, wiring
from shared.entry import answering, headers_of
from shared.events.parked import subject


@functions_framework.http
@answering
def webhook(request: Request) -> object:
    """``POST /api/v3/webhooks/engine``: 204 once the completion is on its topic."""
    body = request.stream.read(MOST_BYTES + 1)
    about = subject(body)
    logs.note(**vars(about))
    tracing.about(about.job_id)
    handle(
        body,
        headers_of(request),
        bus=wiring.bus(),
        clock=wiring.clock(),
        tracer=wiring.tracer(),
        keys=[(key.id, key.secret) for key in wiring.secrets().keys("webhook")],
    )
    return "", 204
