"""A cache that all processes with the same Redis share; each has its own while that is out of reach."""

import math
from collections.abc import Sequence
from typing import Any

from shared.adapters.redis.connection import RedisConnection
from shared.errors import Unavailable
from shared.ports.cache import MOST_VALUE_BYTES, Cache

MOST_TAG_SECONDS = 24 * 3600
"""A tag knows its keys for as long as any of them may be kept."""


class RedisCache:
    """
    The ``Cache`` in Redis, under keys that begin with ``prefix``; ``own`` serves where Redis does not.

    How much is kept there is the server's ``maxmemory``, with a policy that evicts what has an end.
    What was put into ``own`` meanwhile stays there until it ends: keys say of which state they are.
    """

    def __init__(self, connection: RedisConnection, own: Cache, *, prefix: str) -> None:
        self._connection = connection
        self._own = own
        self._prefix = prefix

    def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """See ``Cache.get``."""
        if not keys:
            return []
        names = [self._key(key) for key in keys]
        try:
            return list(self._connection.ask(lambda client: client.mget(names)))
        except Unavailable:
            return self._own.get(keys)

    def put(self, key: str, value: bytes, *, seconds: float, tag: str) -> None:
        """See ``Cache.put``."""
        if len(value) > MOST_VALUE_BYTES:
            return
        milliseconds = math.ceil(1000 * min(seconds, MOST_TAG_SECONDS))

        def write(client: Any) -> None:
            with client.pipeline(transaction=False) as pipe:
                # The tag first: a value that no tag knows could not be let go of.
                pipe.sadd(self._tag(tag), self._key(key))
                pipe.expire(self._tag(tag), MOST_TAG_SECONDS)
                pipe.set(self._key(key), value, px=milliseconds)
                pipe.execute()

        try:
            self._connection.ask(write)
        except Unavailable:
            self._own.put(key, value, seconds=seconds, tag=tag)

    def forget(self, tag: str) -> None:
        """See ``Cache.forget``."""
        self._own.forget(tag)
        try:
            self._connection.ask(lambda client: self._forget(client, tag))
        except Unavailable:
            return

    def _forget(self, client: Any, tag: str) -> None:
        keys = list(client.sscan_iter(self._tag(tag), count=500))
        for start in range(0, len(keys), 500):
            client.unlink(*keys[start : start + 500])
        client.unlink(self._tag(tag))

    def _key(self, key: str) -> str:
        return f"{self._prefix}:cache:{key}"

    def _tag(self, tag: str) -> str:
        return f"{self._prefix}:cache-tag:{tag}"
