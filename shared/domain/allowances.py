"""What a client reads of its buckets: fields of answers, and the problem document of a refusal. Pure."""

import math
from collections.abc import Mapping

from pydantic import JsonValue

from shared.domain.bucket import Level, Taking
from shared.errors import TooMany
from shared.models.limits import Endpoints

EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
"""The problem type of the IETF's draft on rate limits."""


def fields(taking: Taking) -> dict[str, str]:
    """
    ``RateLimit`` and ``RateLimit-Policy`` of the IETF's draft, for each bucket.

    Beside them the three fields that many clients know, of the bucket that is nearest to its end.
    """
    tight = taking.tightest
    return {
        "RateLimit-Policy": ", ".join(map(_policy, taking.levels)),
        "RateLimit": ", ".join(map(_left, taking.levels)),
        "RateLimit-Limit": str(tight.policy.most),
        "RateLimit-Remaining": str(tight.remaining),
        "RateLimit-Reset": str(math.ceil(tight.reset)),
    }


def too_many(taking: Taking, *, tier: str, endpoints: Endpoints | None) -> TooMany:
    """The refusal of a request that found a bucket empty."""
    tight, wait = taking.tightest, math.ceil(taking.retry_after)
    told: dict[str, JsonValue] = {
        "type": EXCEEDED,
        "violated-policies": list(taking.empty),
        "limit": tight.policy.most,
        "window_seconds": tight.policy.seconds,
        "tier": tier,
    }
    if endpoints is not None:
        told["endpoint"] = endpoints.value
    of = f"{tight.policy.most} in {tight.policy.seconds:g} s"
    said = f"the limit {tight.policy.name!r} of {of} is used up; try again in {wait} s"
    return TooMany(said, retry_after=wait, told=told, fields=fields(taking))


def _policy(level: Level) -> str:
    return f'"{level.policy.name}";q={level.policy.most};w={math.ceil(level.policy.seconds)}'


def _left(level: Level) -> str:
    return f'"{level.policy.name}";r={level.remaining};t={math.ceil(level.reset)}'


def described(levels: Mapping[str, Level]) -> list[JsonValue]:
    """Buckets as JSON, by the class of endpoints."""
    return [
        {
            "endpoint": name,
            "limit": level.policy.most,
            "window_seconds": level.policy.seconds,
            "remaining": level.remaining,
            "reset_seconds": math.ceil(level.reset),
        }
        for name, level in levels.items()
    ]
