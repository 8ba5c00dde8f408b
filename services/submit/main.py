"""HTTP entry of ``submit``."""

import functions_framework
from flask import Request

from services.submit.handler import handle
from services.submit.request import Order, read_body
from services.submit.source import Limits
from services.submit.uploads import offered
from shared import logs, wiring
from shared.entry import answering, as_json
from shared.settings import settings


@functions_framework.http
@answering
def submit(request: Request) -> object:
    """``POST /api/v3/batches/submit``: 202, the batch. ``POST /api/v3/libraries``: 201, where to upload."""
    most = settings().most_body_bytes
    body = request.stream.read(most + 1)
    if request.path.rstrip("/") == "/api/v3/libraries":
        return as_json(offered(body, settings(), blobs=wiring.blobs(), now=wiring.clock().now()), 201)
    answer = handle(
        read_body(body, Order, most=most),
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
        alignments=wiring.alignments(),
        limits=Limits.of(settings()),
    )
    logs.note(batch_id=answer["batch_id"])
    return as_json(answer, 202, {"Location": answer["status_url"]})
