"""What this process has measured of its requests, its ledger, its caches and its jobs."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.entry import PUSHED
from shared.measures import (
    CACHE_BYTES,
    CACHE_ENTRIES,
    CACHE_EVICTIONS,
    CACHE_READS,
    JOBS_SETTLED,
    PORT_SECONDS,
    REQUEST_SECONDS,
)
from shared.metrics import SECONDS, Labels, Spread

SLOW_SECONDS = 1.0
"""From where a request or an operation counts as slow; a bound of the buckets."""


@dataclass
class Endpoint:
    """One route by one method; ``errors`` are answers of 5xx, ``refused`` those of 4xx."""

    name: str
    spread: Spread
    errors: int = 0
    refused: int = 0

    @property
    def error_percent(self) -> float:
        """Of all its requests."""
        return 100 * self.errors / self.spread.count


def nothing() -> Spread:
    """No observation."""
    return Spread(SECONDS, [0] * (len(SECONDS) + 1))


def endpoints() -> list[Endpoint]:
    """Most asked first; deliveries of messages are nobody's requests."""
    found: dict[str, Endpoint] = {}
    for (_, method, route, status), spread in REQUEST_SECONDS.spreads().items():
        if route == PUSHED:
            continue
        name = f"{method} {route}"
        known = found.setdefault(name, Endpoint(name, nothing()))
        known.spread = known.spread + spread
        known.errors += spread.count if status >= "500" else 0
        known.refused += spread.count if "400" <= status < "500" else 0
    return sorted(found.values(), key=lambda it: (-it.spread.count, it.name))


def whole(each: list[Endpoint]) -> Endpoint:
    """All of them as one."""
    together = Endpoint("all", nothing())
    for it in each:
        together.spread = together.spread + it.spread
        together.errors += it.errors
        together.refused += it.refused
    return together


def ledger() -> Spread:
    """Every operation on the ledger."""
    return PORT_SECONDS.together(port="ledger")


def failed_percent() -> float | None:
    """Of the jobs that were settled here with a result or a failure; None if none was."""
    kinds = _by_label(JOBS_SETTLED.values(), 1)
    computed = kinds.get("completed", 0.0) + kinds.get("failed", 0.0)
    return 100 * kinds.get("failed", 0.0) / computed if computed else None


@dataclass(frozen=True)
class Caches:
    """All caches together; None where none was ever asked."""

    hit_rate: float | None
    entries: int | None
    bytes: int | None
    evictions: int | None


def caches() -> Caches:
    """What the caches of this process say of themselves."""
    results = _by_label(CACHE_READS.values(), 1)
    reads = sum(results.values())
    if not reads:
        return Caches(None, None, None, None)
    entries, size, gone = (sum(it.values().values()) for it in (CACHE_ENTRIES, CACHE_BYTES, CACHE_EVICTIONS))
    return Caches(results.get("hit", 0.0) / reads, int(entries), int(size), int(gone))


def _by_label(values: Mapping[Labels, float], place: int) -> dict[str, float]:
    sums: dict[str, float] = {}
    for labels, value in values.items():
        sums[labels[place]] = sums.get(labels[place], 0.0) + value
    return sums
