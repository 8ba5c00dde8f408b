"""HTTP entry of ``api``."""

import functions_framework
from flask import Request

from services.api.query import MOST_BODY_BYTES
from services.api.routes import respond
from services.api.store import Store
from shared import wiring
from shared.entry import answering
from shared.settings import settings


@functions_framework.http
@answering
def api(request: Request) -> object:
    """Every route that is not a function of its own."""
    store = Store(
        owner=settings().owner,
        ledger=wiring.ledger(),
        blobs=wiring.blobs(),
        clock=wiring.clock(),
        manifest=wiring.manifest(),
        roster=wiring.roster(),
        alignments=wiring.alignments(),
        letters=wiring.dead_letters(),
        queues=wiring.queues(),
        runs=wiring.runs(),
        workers=settings().workers,
        artefacts_folder=settings().home / "objects" if settings().backend == "local" else None,
    )
    body = request.stream.read(MOST_BODY_BYTES + 1)
    return respond(request.method, request.path, request.args, body, store)
