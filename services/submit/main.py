"""HTTP entry of ``submit``."""

import functions_framework
from flask import Request

from services.submit.opening import accepting
from services.submit.routes import endpoints, respond
from services.submit.storing import Means
from shared import wiring
from shared.entry import answering, headers_of
from shared.metered import counted
from shared.settings import settings


@functions_framework.http
@answering
def submit(request: Request) -> object:
    """Every route that opens a batch, or looks at an order before it does."""
    caller = counted(headers_of(request), request.remote_addr, endpoints(request.path))
    return respond(
        request.path,
        request.stream.read(settings().most_body_bytes + 1),
        settings(),
        caller=caller,
        accept=accepting(caller, request.headers.get("Idempotency-Key"), Means.of(settings())),
        blobs=wiring.blobs(),
        now=wiring.clock().now(),
    )
