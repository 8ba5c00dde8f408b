"""HTTP entry of ``submit``."""

from functools import partial

import functions_framework
from flask import Request

from services.submit.handler import handle
from services.submit.routes import respond
from services.submit.source import Limits
from shared import wiring
from shared.entry import answering
from shared.settings import settings


@functions_framework.http
@answering
def submit(request: Request) -> object:
    """Every route that opens a batch, or looks at an order before it does."""
    accept = partial(
        handle,
        idempotency_key=request.headers.get("Idempotency-Key"),
        owner=settings().owner,
        workers=settings().workers,
        ledger=wiring.ledger(),
        blobs=wiring.blobs(),
        bus=wiring.bus(),
        engine=wiring.engine(),
        clock=wiring.clock(),
        manifest=wiring.manifest(),
        roster=wiring.roster(),
        limits=Limits.of(settings()),
    )
    body = request.stream.read(settings().most_body_bytes + 1)
    return respond(
        request.path, body, settings(), accept=accept, blobs=wiring.blobs(), now=wiring.clock().now()
    )
