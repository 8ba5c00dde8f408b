"""What a caller has used, and what is left."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from services.api.dependencies import READ, Caller
from shared import metered, wiring
from shared.domain.allowances import described
from shared.models.base import Frozen

router = APIRouter(tags=["limits"], dependencies=[READ])


class Bucket(Frozen):
    """Requests of one class; ``reset_seconds``: until all are there again."""

    endpoint: str
    limit: int
    window_seconds: float
    remaining: int
    reset_seconds: int


class UsedQuota(Frozen):
    """``allowed`` is null where there is no limit, ``resets_at`` where time alone does not help."""

    quota: str
    used: float
    allowed: float | None
    resets_at: datetime | None


class Used(Frozen):
    """What a caller has used."""

    owner: str
    tier: str
    limited: bool
    rate_limits: list[Bucket]
    quotas: list[UsedQuota]


@router.get("/api/v3/usage", responses={200: {"model": Used}})
def usage(caller: Caller) -> dict[str, Any]:
    """
    Requests by class of endpoint, and quotas; to ask counts as a request.

    Who is not limited has nothing counted: ``limited`` is false then, and both lists are empty.
    """
    meter = wiring.meter()
    limited = meter.limits(caller)
    quota = metered.quota_of(caller)
    return {
        "owner": caller.owner,
        "tier": caller.tier,
        "limited": limited,
        "rate_limits": described(meter.levels(caller)) if limited else [],
        "quotas": [figure.told() for figure in quota.figures()] if limited else [],
    }
