"""HTTP entry of ``submit``."""

import functions_framework
from flask import Request

from services.submit import estimating, uploads
from services.submit.handler import handle
from services.submit.request import Order, read_body
from services.submit.source import Limits
from services.submit.storing import Means
from shared import logs, settings, wiring
from shared.entry import answering, as_json


@functions_framework.http
@answering
def submit(request: Request) -> object:
    """``POST`` …/batches/submit: 202, the batch; …/estimate: 200, its cost; …/libraries: 201, a place."""
    given, blobs, path = settings.settings(), wiring.blobs(), request.path.rstrip("/")
    body = request.stream.read(given.most_body_bytes + 1)
    if path == "/api/v3/libraries":
        return as_json(uploads.offered(body, given, blobs=blobs, now=wiring.clock().now()), 201)
    if path == "/api/v3/batches/estimate":
        return as_json(estimating.estimated(body, given, blobs=blobs))
    answer = handle(
        read_body(body, Order, most=given.most_body_bytes),
        idempotency_key=request.headers.get("Idempotency-Key"),
        owner=given.owner,
        means=Means.of(given),
        ledger=wiring.ledger(),
        blobs=blobs,
        bus=wiring.bus(),
        engine=wiring.engine(),
        clock=wiring.clock(),
        manifest=wiring.manifest(),
        roster=wiring.roster(),
        limits=Limits.of(given),
    )
    logs.note(batch_id=answer["batch_id"])
    return as_json(answer, 202, {"Location": answer["status_url"]})
