"""What counts requests and keeps accounts of what owners use."""

from functools import cache

from shared.ports.consumptions import Consumptions
from shared.ports.limiter import Limiter
from shared.settings import settings
from shared.settings.limits import limit_settings
from shared.steps.metering import Meter
from shared.wiring.clients import gcp_database, local_database, redis


@cache
def limiter() -> Limiter:
    """
    The buckets: in Redis where there is one, else in this process.

    The embedded platform is one process. In the cloud without Redis, each instance counts for itself.
    """
    from shared.adapters.local.limiter import MemoryLimiter

    own, connection = MemoryLimiter(), redis()
    if connection is None:
        return own
    from shared.adapters.redis.limiter import RedisLimiter
    from shared.adapters.redis.surviving import SurvivingLimiter

    return SurvivingLimiter(RedisLimiter(connection, prefix=settings().prefix), own)


@cache
def meter() -> Meter:
    """Who is counted, and against what."""
    chosen = limit_settings()
    return Meter(
        limiter=limiter(),
        tiers=chosen.tiers(),
        counts_all=chosen.enabled is not False,
        counts_keyless=chosen.enabled or settings().backend == "gcp",
    )


@cache
def consumptions() -> Consumptions:
    """What owners have used of their quotas."""
    if settings().backend == "gcp":
        from shared.adapters.gcp.consumptions import FirestoreConsumptions

        return FirestoreConsumptions(gcp_database())
    from shared.adapters.local.consumptions import SqliteConsumptions

    return SqliteConsumptions(local_database())


CHOICES = (limiter, meter, consumptions, limit_settings)
