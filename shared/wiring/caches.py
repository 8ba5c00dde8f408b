"""What keeps answers for a while."""

from functools import cache

from shared.ports.cache import Cache
from shared.settings import settings
from shared.wiring.clients import redis


@cache
def answers() -> Cache:
    """Answers of the API: in Redis where there is one, else in this process."""
    from shared.adapters.local.cache import MemoryCache

    own, connection = MemoryCache(), redis()
    if connection is None:
        return own
    from shared.adapters.redis.cache import RedisCache

    return RedisCache(connection, own, prefix=settings().prefix)


CHOICES = (answers,)
