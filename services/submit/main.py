"""HTTP entry of ``submit``."""

import functions_framework
from flask import Request

from services.submit.handler import handle
from services.submit.request import read_body
from shared import wiring
from shared.entry import answering, as_json
from shared.settings import settings


@functions_framework.http
@answering
def submit(request: Request) -> object:
    """``POST /api/v3/batches/submit``: 202 with the batch and its accounting."""
    most = settings().most_body_bytes
    order = read_body(request.stream.read(most + 1), most=most)
    answer = handle(
        order,
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
    )
    return as_json(answer, 202, {"Location": answer["status_url"]})
