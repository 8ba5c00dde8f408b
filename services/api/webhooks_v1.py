"""Webhooks under the paths and names of the older system."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from services.api.dependencies import READ, SUBMIT
from services.api.endpoints import AtDesk
from services.api.webhooks import delivered, described
from shared.domain.listening import LONGEST_SECRET, Events, Url
from shared.domain.milestones import THRESHOLDS
from shared.domain.news import VERSION
from shared.models.base import Frozen
from shared.models.hooks import Told

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])

SAYS = {
    Told.BATCH_COMPLETED: "a batch is over, and at least one of its ligands was computed",
    Told.BATCH_FAILED: "a batch is over, and none of its ligands was computed",
    Told.BATCH_CANCELLED: "a batch was cancelled, and nothing of it is open any more",
    Told.BATCH_MILESTONE: "so many per cent of a batch's rows have their final word",
    Told.JOB_COMPLETED: "a single prediction, a batch of one job, was computed",
    Told.JOB_FAILED: "a single prediction, a batch of one job, failed",
}


class Registration(Frozen):
    """
    ``retry_count`` and ``timeout_seconds`` are taken and not used: all endpoints are tried by one schedule.

    Without a ``secret`` of your own you get one.
    """

    url: Url
    secret: Annotated[str, Field(min_length=1, max_length=LONGEST_SECRET)] | None = None
    events: Events = (Told.JOB_COMPLETED, Told.JOB_FAILED, Told.BATCH_COMPLETED)
    retry_count: Annotated[int, Field(ge=0, le=10)] = 3
    timeout_seconds: Annotated[int, Field(ge=1, le=60)] = 30


@router.post("/register", status_code=201, dependencies=[SUBMIT])
def register(desk: AtDesk, wanted: Registration) -> dict[str, Any]:
    """Register an endpoint; its secret is in this answer, and in no other."""
    milestones = THRESHOLDS if Told.BATCH_MILESTONE in wanted.events else ()
    events = sorted(set(wanted.events))
    endpoint, secret = desk.open(wanted.url, events, milestones, description="", secret=wanted.secret)
    return {**described(endpoint, desk), "secret": secret}


@router.get("/list", dependencies=[READ])
def list_endpoints(desk: AtDesk) -> dict[str, Any]:
    """All of them, oldest first."""
    return {"webhooks": [described(endpoint, desk) for endpoint in desk.endpoints()]}


@router.get("/events", dependencies=[READ])
def events() -> dict[str, Any]:
    """What an endpoint can be told of."""
    told = [{"event": it.value, "type": f"{it.value}.{VERSION}", "description": SAYS[it]} for it in Told]
    return {"events": told}


@router.post("/test/{webhook_id}", status_code=202, dependencies=[SUBMIT])
def test(desk: AtDesk, webhook_id: str) -> dict[str, Any]:
    """Send it a message that says nothing."""
    return delivered(desk.ping(webhook_id))


@router.get("/{webhook_id}", dependencies=[READ])
def endpoint(desk: AtDesk, webhook_id: str) -> dict[str, Any]:
    """One endpoint."""
    return described(desk.endpoint(webhook_id), desk)


@router.delete("/{webhook_id}", dependencies=[SUBMIT])
def remove(desk: AtDesk, webhook_id: str) -> dict[str, Any]:
    """It is called no more."""
    desk.endpoint(webhook_id)
    desk.notices.hooks.remove(webhook_id)
    return {"success": True, "webhook_id": webhook_id, "message": "deleted; nothing more is sent to it"}


@router.post("/{webhook_id}/toggle", dependencies=[SUBMIT])
def toggle(desk: AtDesk, webhook_id: str) -> dict[str, Any]:
    """Disable it if it is enabled, and the other way round."""
    found = desk.endpoint(webhook_id)
    return described(desk.change(webhook_id, {"enabled": not found.enabled}), desk)
