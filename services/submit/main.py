"""HTTP entry of ``submit``."""

import functions_framework
from flask import Request

from services.submit.opening import accepting, checking, desk_of, repeating
from services.submit.routes import endpoints, respond
from shared.entry import answering, headers_of
from shared.metered import counted
from shared.settings import settings


@functions_framework.http
@answering
def submit(request: Request) -> object:
    """Every route that opens a batch, or looks at an order before it does."""
    caller = counted(headers_of(request), request.remote_addr, endpoints(request.path))
    desk = desk_of(caller, request.headers.get("Idempotency-Key"))
    return respond(
        request.path,
        request.stream.read(settings().most_body_bytes + 1),
        settings(),
        caller=caller,
        accept=accepting(desk),
        again=repeating(desk),
        check=checking(desk),
        blobs=desk.blobs,
        now=desk.clock.now(),
    )
