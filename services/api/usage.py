"""What a caller has used, and what is left."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from services.api.metering import Asking
from shared import metered, wiring
from shared.domain.allowances import described
from shared.models.base import Frozen

router = APIRouter(tags=["limits"])


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
def usage(asking: Asking) -> dict[str, Any]:
    """
    Requests by class of endpoint, and quotas; to ask counts as a request.

    Who is not limited has nothing counted: ``limited`` is false then, and both lists are empty.
    """
    meter = wiring.meter()
    limited = meter.limits(asking)
    quota = metered.quota_of(asking)
    return {
        "owner": asking.owner,
        "tier": asking.tier,
        "limited": limited,
        "rate_limits": described(meter.levels(asking)) if limited else [],
        "quotas": [figure.told() for figure in quota.figures()] if limited else [],
    }
