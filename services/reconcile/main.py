"""HTTP entry of ``reconcile``, for the scheduler and the command line."""

import functions_framework
from flask import Request

from services.reconcile.handler import handle
from services.reconcile.world import Patience, World
from shared import wiring
from shared.entry import answering, as_json
from shared.settings import settings


@functions_framework.http
@answering
def reconcile(request: Request) -> object:
    """``POST /api/v3/reconcile[?batch=ID]``: what was found stuck, why, and what was done about it."""
    world = World(
        ledger=wiring.ledger(),
        blobs=wiring.blobs(),
        bus=wiring.bus(),
        letters=wiring.dead_letters(),
        engine=wiring.engine(),
        manifest=wiring.manifest(),
        roster=wiring.roster(),
        clock=wiring.clock(),
        patience=Patience.of(settings()),
    )
    findings = handle(world, only=request.args.get("batch"))
    return as_json({"findings": [finding.model_dump() for finding in findings]})
