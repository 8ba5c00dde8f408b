"""HTTP entry of ``submit``."""

from uuid import uuid4

import functions_framework
from flask import Request

from services.submit.handler import handle
from services.submit.request import Order, read_body
from services.submit.source import Limits
from services.submit.uploads import Upload, offer
from shared import wiring
from shared.entry import answering, as_json
from shared.settings import settings


@functions_framework.http
@answering
def submit(request: Request) -> object:
    """``POST /api/v3/batches/submit``: 202, the batch. ``POST /api/v3/libraries``: 201, where to upload."""
    most = settings().most_body_bytes
    body = request.stream.read(most + 1)
    if request.path.rstrip("/") == "/api/v3/libraries":
        upload = read_body(body, Upload, most=most)
        offered = offer(
            upload,
            owner=settings().owner,
            chance=uuid4().hex,
            most_bytes=settings().most_library_bytes,
            blobs=wiring.blobs(),
            now=wiring.clock().now(),
        )
        return as_json(offered, 201)
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
        limits=Limits.of(settings()),
    )
    return as_json(answer, 202, {"Location": answer["status_url"]})
