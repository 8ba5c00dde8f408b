"""HTTP entry of ``submit``."""

from functools import partial

import functions_framework
from flask import Request

from services.submit.handler import handle
from services.submit.routes import respond
from services.submit.source import Limits
from services.submit.storing import Means
from shared import wiring
from shared.entry import answering, calling
from shared.settings import settings


@functions_framework.http
@answering
def submit(request: Request) -> object:
    """Every route that opens a batch, or looks at an order before it does."""
    caller, blobs, clock = calling(request), wiring.blobs(), wiring.clock()
    accept = partial(
        handle,
        idempotency_key=request.headers.get("Idempotency-Key"),
        owner=caller.owner,
        means=Means.of(settings()),
        ledger=wiring.ledger(),
        blobs=blobs,
        bus=wiring.bus(),
        engine=wiring.engine(),
        clock=clock,
        manifest=wiring.manifest(),
        roster=wiring.roster(),
        alignments=wiring.alignments(),
        limits=Limits.of(settings()),
    )
    body = request.stream.read(settings().most_body_bytes + 1)
    return respond(request.path, body, settings(), caller=caller, accept=accept, blobs=blobs, now=clock.now())
