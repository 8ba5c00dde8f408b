"""Webhooks of users: where they want to be told of their batches, and what they were told."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import StringConstraints, field_validator, model_validator

from services.api.dependencies import READ, SUBMIT
from services.api.endpoints import AtDesk, Desk
from shared.domain.listening import BY_DEFAULT, Events, Milestones, Url, once_each, with_what_it_means
from shared.models.base import Frozen
from shared.models.hooks import Delivery, Endpoint

router = APIRouter(prefix="/api/v3/webhooks", tags=["webhooks"])

Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class Wanted(Frozen):
    """A new endpoint; ``milestones`` in per cent, all of them if ``batch.milestone`` is asked for alone."""

    url: Url
    events: Events = BY_DEFAULT
    milestones: Milestones = ()
    description: Description = ""

    @model_validator(mode="before")
    @classmethod
    def _milestones_mean_their_event(cls, given: Any) -> Any:
        return with_what_it_means(given)

    @field_validator("events", "milestones")
    @classmethod
    def _once_each(cls, given: tuple[Any, ...]) -> tuple[Any, ...]:
        return once_each(given)


class Change(Frozen):
    """What is to be different; what is left out stays."""

    url: Url | None = None
    events: Events | None = None
    milestones: Milestones | None = None
    description: Description | None = None
    enabled: bool | None = None

    @field_validator("events", "milestones")
    @classmethod
    def _once_each(cls, given: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
        return given and once_each(given)


@router.post("", status_code=201, dependencies=[SUBMIT])
def register(desk: AtDesk, wanted: Wanted) -> dict[str, Any]:
    """Register an endpoint; its secret is in this answer, and in no other."""
    endpoint, secret = desk.open(wanted.url, wanted.events, wanted.milestones, description=wanted.description)
    return {**described(endpoint, desk), "secret": secret}


@router.get("", dependencies=[READ])
def list_endpoints(desk: AtDesk) -> dict[str, Any]:
    """All of them, oldest first: nobody may have many."""
    return {"webhooks": [described(endpoint, desk) for endpoint in desk.endpoints()]}


@router.get("/{webhook_id}", dependencies=[READ])
def endpoint(desk: AtDesk, webhook_id: str) -> dict[str, Any]:
    """One endpoint; why it was disabled, if it was."""
    return described(desk.endpoint(webhook_id), desk)


@router.patch("/{webhook_id}", dependencies=[SUBMIT])
def change(desk: AtDesk, webhook_id: str, wanted: Change) -> dict[str, Any]:
    """Change what is given. One that is enabled again is told what happens from then on."""
    given = wanted.model_dump(exclude_none=True)
    return described(desk.change(webhook_id, given), desk)


@router.delete("/{webhook_id}", dependencies=[SUBMIT])
def remove(desk: AtDesk, webhook_id: str) -> dict[str, Any]:
    """It is called no more; what was on its way is given up."""
    desk.endpoint(webhook_id)
    desk.notices.hooks.remove(webhook_id)
    return {"success": True, "webhook_id": webhook_id, "message": "deleted; nothing more is sent to it"}


@router.post("/{webhook_id}/test", status_code=202, dependencies=[SUBMIT])
def test(desk: AtDesk, webhook_id: str) -> dict[str, Any]:
    """Send it a message that says nothing; its delivery says how that went."""
    return delivered(desk.ping(webhook_id))


@router.post("/{webhook_id}/rotate-secret", dependencies=[SUBMIT])
def rotate_secret(desk: AtDesk, webhook_id: str) -> dict[str, Any]:
    """A new secret, shown once; for a day messages are signed with the old one as well."""
    endpoint, secret = desk.rotate(webhook_id)
    return {**described(endpoint, desk), "secret": secret}


@router.get("/{webhook_id}/deliveries", dependencies=[READ])
def deliveries(
    desk: AtDesk,
    webhook_id: str,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: str | None = None,
) -> dict[str, Any]:
    """What was sent or is to be, newest first, for thirty days."""
    desk.endpoint(webhook_id)
    behind = desk.delivery(after).id if after is not None else None
    found = desk.notices.hooks.deliveries(webhook_id, limit=limit + 1, after=behind)
    more = len(found) > limit
    return {
        "deliveries": [delivered(it) for it in found[:limit]],
        "pagination": {
            "limit": limit,
            "has_more": more,
            "next_after": found[limit - 1].id if more else None,
        },
    }


@router.get("/deliveries/{delivery_id}", dependencies=[READ])
def delivery(desk: AtDesk, delivery_id: str) -> dict[str, Any]:
    """One delivery with what is sent."""
    found = desk.delivery(delivery_id)
    return {**delivered(found), "body": found.body}


@router.post("/deliveries/{delivery_id}/redeliver", status_code=202, dependencies=[SUBMIT])
def redeliver(desk: AtDesk, delivery_id: str) -> dict[str, Any]:
    """Send it again, under the same id; if that fails, its tries begin anew."""
    return delivered(desk.redeliver(delivery_id))


def described(endpoint: Endpoint, desk: Desk) -> dict[str, Any]:
    """The endpoint without its secrets."""
    now = desk.now()
    old = [it.until for it in endpoint.secrets if it.until is not None and now < it.until]
    return {
        "webhook_id": endpoint.id,
        "batch_id": endpoint.batch_id,
        "url": endpoint.url,
        "description": endpoint.description,
        "events": [it.value for it in endpoint.events],
        "milestones": list(endpoint.milestones),
        "enabled": endpoint.enabled,
        "why_disabled": endpoint.why_disabled,
        "created_at": endpoint.created_at.isoformat(),
        "failing_since": endpoint.failing_since.isoformat() if endpoint.failing_since else None,
        "old_secret_until": max(old).isoformat() if old else None,
        "signed_as": endpoint.signed_as,
    }


def delivered(delivery: Delivery) -> dict[str, Any]:
    """A delivery and its latest tries."""
    waits = delivery.due_at is not None
    return {
        "delivery_id": delivery.id,
        "webhook_id": delivery.endpoint_id,
        "type": delivery.type,
        "batch_id": delivery.batch_id,
        "state": delivery.state.value,
        "created_at": delivery.created_at.isoformat(),
        "next_try_at": delivery.next_at.isoformat() if waits else None,
        "tries_made": delivery.made,
        "tries": [it.model_dump(mode="json") for it in delivery.tries],
    }
