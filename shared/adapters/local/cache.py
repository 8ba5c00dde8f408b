"""A cache in the memory of one process: what was not used for longest makes room."""

import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from shared.ports.cache import MOST_VALUE_BYTES

MOST_BYTES = 64 * 1024 * 1024
MOST_VALUES = 50_000
_OVERHEAD = 300
"""Bytes that an entry takes besides its value."""


class _Kept(NamedTuple):
    value: bytes
    until: float
    tag: str


class MemoryCache:
    """The ``Cache`` of this process; safe to share between threads."""

    def __init__(self, *, most_bytes: int = MOST_BYTES, clock: Callable[[], float] = time.monotonic) -> None:
        self._most_bytes = most_bytes
        self._clock = clock
        self._turn = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._tagged: defaultdict[str, set[str]] = defaultdict(set)
        self._bytes = 0

    def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """See ``Cache.get``."""
        with self._turn:
            now = self._clock()
            return [self._get(key, now) for key in keys]

    def put(self, key: str, value: bytes, *, seconds: float, tag: str) -> None:
        """See ``Cache.put``."""
        if len(value) > min(MOST_VALUE_BYTES, self._most_bytes - _OVERHEAD):
            return
        with self._turn:
            self._drop(key)
            self._kept[key] = _Kept(value, self._clock() + seconds, tag)
            self._tagged[tag].add(key)
            self._bytes += len(value) + _OVERHEAD
            while self._bytes > self._most_bytes or len(self._kept) > MOST_VALUES:
                self._drop(next(iter(self._kept)))

    def forget(self, tag: str) -> None:
        """See ``Cache.forget``."""
        with self._turn:
            for key in list(self._tagged.get(tag, ())):
                self._drop(key)

    def _get(self, key: str, now: float) -> bytes | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= now:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept.value

    def _drop(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is None:
            return
        self._bytes -= len(kept.value) + _OVERHEAD
        self._tagged[kept.tag].discard(key)
        if not self._tagged[kept.tag]:
            del self._tagged[kept.tag]
