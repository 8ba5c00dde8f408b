"""HTTP entry of ``reconcile``, for the scheduler and the command line."""

import functions_framework
from flask import Request

from services.reconcile.handler import handle
from services.reconcile.world import Patience, World
from shared import logs, wiring
from shared.answers import as_json
from shared.entry import answering, trusted
from shared.settings import settings


@functions_framework.http
@answering
@trusted
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
        alignments=wiring.alignments(),
        notices=wiring.notices(),
        clock=wiring.clock(),
        patience=Patience.of(settings()),
    )
    only = request.args.get("batch")
    logs.note(batch_id=only)
    findings = handle(world, only=only)
    for found in findings:
        about = {"batch_id": found.batch_id, "job_id": found.job_id, "did": found.action}
        logs.tell(f"reconcile: {found.reason}", **about)
    return as_json({"findings": [finding.model_dump() for finding in findings]})
