"""Buckets in the memory of this process."""

import threading
import time
from collections.abc import Callable, Sequence

from shared.domain import bucket
from shared.domain.bucket import Taking
from shared.models.limits import Policy

MOST_BUCKETS = 20_000
SWEEP_SECONDS = 1.0
OTHERS = "\0others"
"""No holder's name."""


class MemoryLimiter:
    """
    The ``Limiter`` of one process. ``clock``: seconds that never go back.

    It holds at most ``most`` buckets. When so many are in use, holders that have none share one: whoever
    makes up names by the thousand gains nothing, and no one that is counted is forgotten.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, most: int = MOST_BUCKETS) -> None:
        self._clock = clock
        self._most = most
        self._full_at: dict[tuple[str, str], float] = {}
        self._turn = threading.Lock()
        self._swept = float("-inf")

    def take(self, holder: str, policies: Sequence[Policy], tokens: int = 1) -> Taking:
        """See ``Limiter.take``."""
        with self._turn:
            now = self._clock()
            keys = [self._key(holder, policy, now) for policy in policies]
            full_at = [self._full_at.get(key, now) for key in keys]
            taking, after = bucket.take(full_at, policies, tokens, now=now)
            self._full_at.update((key, full) for key, full in zip(keys, after, strict=True) if full > now)
            return taking

    def __len__(self) -> int:
        """How many buckets are held."""
        return len(self._full_at)

    def _key(self, holder: str, policy: Policy, now: float) -> tuple[str, str]:
        key = (holder, policy.name)
        if key in self._full_at or len(self._full_at) < self._most:
            return key
        if now - self._swept >= SWEEP_SECONDS:
            self._swept = now
            self._full_at = {it: full for it, full in self._full_at.items() if full > now}
        return key if len(self._full_at) < self._most else (OTHERS, policy.name)
