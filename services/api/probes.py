"""Whether the service lives, could work, and what it depends on."""

from typing import Any

from fastapi import APIRouter, Response

from services.api.dependencies import OPEN, ports
from services.api.sending import response
from shared import entry

NAME = "api"

router = APIRouter(tags=["health"], dependencies=[OPEN])


@router.get("/health")
def health() -> dict[str, Any]:
    """Each dependency asked, not assumed."""
    store = ports(NAME)
    store.ledger.batches(owner=store.owner, unfinished=True, limit=1, after=None)
    next(store.blobs.list("health/"), None)
    now = store.clock.now().isoformat()
    return {"status": "ok", "timestamp": now, "database": "ok", "storage": "ok"}


@router.get("/health/live")
def live() -> Response:
    """That the service runs."""
    return response(entry.live(NAME))


@router.get("/health/ready")
def ready() -> Response:
    """Whether the service could work now; 503 names what it opens and cannot read."""
    return response(entry.ready(NAME))
