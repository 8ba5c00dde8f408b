"""HTTP entry of ``submit``."""

from functools import partial

import functions_framework
from flask import Request

from services.submit.handler import handle
from services.submit.routes import respond
from services.submit.source import Limits
from services.submit.storing import Means
from shared import wiring
from shared.entry import answering, headers_of
from shared.models.access import Scope
from shared.settings import settings


@functions_framework.http
@answering
def submit(request: Request) -> object:
    """Every route that opens a batch, or looks at an order before it does."""
    caller = wiring.access().caller(headers_of(request))
    caller.require(Scope.SUBMIT)
    means = Means.of(settings())
    accept = partial(
        handle,
        idempotency_key=request.headers.get("Idempotency-Key"),
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
    )
    body, now = request.stream.read(settings().most_body_bytes + 1), wiring.clock().now()
    return respond(
        request.path,
        body,
        settings(),
        owner=caller.owner,
        means=means,
        accept=accept,
        blobs=wiring.blobs(),
        now=now,
    )
