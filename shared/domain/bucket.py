"""
Token buckets. Pure; times in seconds of the clock that the bucket is kept by.

A bucket is one number: when it will be full again. A bucket of the past is full, so one that is forgotten
after that moment was not needed. A clock that is set back takes tokens away and gives none, and never makes
anybody wait longer than for one full bucket.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.models.limits import Policy


@dataclass(frozen=True)
class Level:
    """A bucket as a client sees it: ``remaining`` whole tokens, and the seconds until it is full."""

    policy: Policy
    remaining: int
    reset: float


@dataclass(frozen=True)
class Taking:
    """``retry_after``: seconds until the same request would be allowed, if nobody else asks; 0 if it was."""

    allowed: bool
    levels: tuple[Level, ...]
    retry_after: float = 0.0

    @property
    def tightest(self) -> Level:
        """The one that is nearest to its end."""
        return min(self.levels, key=lambda level: level.remaining)

    @property
    def empty(self) -> tuple[str, ...]:
        """The names of what a refused request did not pass."""
        return tuple(level.policy.name for level in self.levels if level.remaining == 0)


def bounded(full_at: float, policy: Policy, *, now: float) -> float:
    """When the bucket will be full: neither in the past, nor later than an empty one would be."""
    return min(max(full_at, now), now + policy.seconds)


def debt(policy: Policy, tokens: int) -> float:
    """Seconds in which this many tokens come back."""
    return tokens * policy.seconds / policy.most


def level(full_at: float, policy: Policy, *, now: float) -> Level:
    """The bucket that is full at ``full_at``, as it stands."""
    missing = full_at - now
    held = policy.most - missing * policy.most / policy.seconds
    return Level(policy, max(0, int(held + EPSILON)), missing)


def short(full_at: float, policy: Policy, tokens: int, *, now: float) -> float:
    """Seconds until so many tokens are in the bucket; 0 if they are."""
    late = full_at + debt(policy, tokens) - (now + policy.seconds)
    return late if late > EPSILON else 0.0


def take(
    full_at: Sequence[float], policies: Sequence[Policy], tokens: int, *, now: float
) -> tuple[Taking, list[float]]:
    """
    Take so many tokens from each bucket, or from none; with ``tokens`` 0, look whether one could be taken.

    The buckets afterwards are the second part of the answer.
    """
    standing = [bounded(full, it, now=now) for full, it in zip(full_at, policies, strict=True)]
    waits = [short(full, it, max(tokens, 1), now=now) for full, it in zip(standing, policies, strict=True)]
    if not any(waits):
        standing = [full + debt(it, tokens) for full, it in zip(standing, policies, strict=True)]
    levels = tuple(level(full, it, now=now) for full, it in zip(standing, policies, strict=True))
    return Taking(not any(waits), levels, max(waits, default=0.0)), standing


EPSILON = 1e-6
"""A millionth of a token, or of a second: what adding up fractions may lose."""
