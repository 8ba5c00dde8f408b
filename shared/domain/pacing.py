"""
The brake: how many jobs of a batch may be in flight now, below the window that was fixed at submit.

The window W is a ceiling and part of the countdown's arithmetic; the brake is no fact, only a wish
that ``reconcile`` moves by what it sees. No result depends on it. Two strategies have one:

* ``adaptive`` follows queue latency and failures. By Little's law (L = λ·T) a pool of ``size``
  runners that finish ``size / run`` jobs a second holds ``size · (1 + wait / run)`` jobs if the last
  of them is to wait ``wait`` seconds. Where runs take milliseconds that is more than any window, and
  there is no brake at all; with runs of 200 seconds it is little more than the pool itself.
* ``resource_aware`` follows what is free: its own jobs, plus idle runners, minus what waits already,
  plus a small buffer, so that the engine's queue stays almost empty and others find room.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.models.batch import Strategy
from shared.models.facts import Experience, Outcome, OutcomeKind, Pace

BRAKED: frozenset[Strategy] = frozenset({"adaptive", "resource_aware"})
TARGET_WAIT_SECONDS = 30.0
"""Long enough that no runner idles between two looks or messages, short beside a screen."""

SHORTEST_RUN_SECONDS = 0.001
SAMPLE = 8
"""Attempts that must have ended since the last judgement, so that one mishap is not a trend."""

TROUBLE_SHARE = 0.2
"""From this share of attempts lost to infrastructure, memory or time on, the limit is halved."""

CUT, GROWTH = 0.5, 1.5
"""Fast down, slower up, as TCP does: what broke at one size is not tried again at once."""


@dataclass(frozen=True)
class Pool:
    """What runs a model: how many jobs at once, and how many run and wait now, of all batches."""

    size: int
    running: int
    waiting: int


@dataclass(frozen=True)
class View:
    """What is known of a round in a look: ``typical_seconds`` is what its model says of its runs."""

    round: int
    window: int
    in_flight: int
    experience: Experience
    typical_seconds: float


def judge(strategy: Strategy, standing: Pace | None, view: View, pool: Pool, *, now: datetime) -> Pace | None:
    """
    The brake from now on; ``standing`` itself where there is nothing new to go by.

    None: a strategy without a brake. A limit is never below 1, never above the window, and once it
    is a number it stays one, so that what it held back is always let go by the same rule.
    """
    match strategy:
        case "adaptive":
            return _adaptive(standing, view, pool, now)
        case "resource_aware":
            return _resource_aware(standing, view, pool, now)
        case "sequential" | "parallel":
            return None


def littles_limit(size: int, run_seconds: float) -> int:
    """Jobs in a pool of ``size`` of which the last waits ``TARGET_WAIT_SECONDS``."""
    return math.floor(size * (1 + TARGET_WAIT_SECONDS / max(run_seconds, SHORTEST_RUN_SECONDS)))


def free_limit(in_flight: int, pool: Pool) -> int:
    """Own jobs, plus idle runners, minus the queue, plus a quarter of the pool as a buffer."""
    buffer = max(1, pool.size // 4)
    return max(1, in_flight + max(0, pool.size - pool.running) - pool.waiting + buffer)


def _adaptive(standing: Pace | None, view: View, pool: Pool, now: datetime) -> Pace | None:
    fresh = _fresh(standing, view)
    if standing is not None and fresh.ended < SAMPLE:
        return standing
    known = standing.run_seconds if standing else view.typical_seconds
    run = fresh.run_seconds if fresh.run_seconds is not None else known
    wanted = _within(littles_limit(pool.size, run), pool, view)
    limit = standing.limit if standing else None
    if fresh.ended >= SAMPLE and fresh.trouble_share >= TROUBLE_SHARE:
        limit = _within(math.floor((limit or view.window) * CUT), pool, view)
        reason = f"{fresh.troubles} of the last {fresh.ended} runs were lost"
    else:
        limit = _grown(limit, wanted, view.window)
        reason = f"runs take {run:.3g} s on {pool.size} runners: the last of {wanted} waits half a minute"
    return Pace(
        limit=limit, reason=reason, run_seconds=run, round=view.round, judged=view.experience, judged_at=now
    )


def _resource_aware(standing: Pace | None, view: View, pool: Pool, now: datetime) -> Pace | None:
    limit: int | None = min(view.window, free_limit(view.in_flight, pool))
    if limit == view.window and (standing is None or standing.limit is None):
        limit = None
    if standing is not None and standing.limit == limit:
        return standing
    return Pace(
        limit=limit,
        reason=f"{pool.running} of {pool.size} runners are busy, {pool.waiting} runs wait",
        run_seconds=view.typical_seconds,
        round=view.round,
        judged=view.experience,
        judged_at=now,
    )


def _fresh(standing: Pace | None, view: View) -> Experience:
    """What happened since the last judgement; a new round counts from zero."""
    if standing is None or standing.round != view.round:
        return view.experience
    return view.experience.since(standing.judged)


def _within(limit: int, pool: Pool, view: View) -> int:
    """Between one job per runner and the window; at least 1."""
    return max(1, min(view.window, max(limit, pool.size)))


def _grown(limit: int | None, wanted: int, window: int) -> int | None:
    """Down at once, up step by step; without a brake so far there is none while the window is wanted."""
    if limit is None:
        return wanted if wanted < window else None
    return min(wanted, max(limit + 1, math.floor(limit * GROWTH)))


def experience_of(outcomes: Iterable[Outcome]) -> Experience:
    """
    What these outcomes show: their completed runs, and the attempts that were lost on the way.

    One that was taken from an earlier batch shows nothing of the pool.
    """
    ran = busy = troubles = 0.0
    for outcome in outcomes:
        if outcome.kind is OutcomeKind.COMPLETED and outcome.cached is None:
            ran, busy = ran + 1, busy + max(0.0, outcome.seconds or 0.0)
        # Only what may be retried is: each attempt before the last one was such a loss.
        lost_last = outcome.failure is not None and outcome.failure.may_be_retried
        troubles += outcome.ref.attempt - 1 + lost_last
    return Experience(ran=int(ran), busy_seconds=busy, troubles=int(troubles))


def together(parts: Iterable[Experience]) -> Experience:
    """The sum."""
    parts = list(parts)
    return Experience(
        ran=sum(part.ran for part in parts),
        busy_seconds=sum(part.busy_seconds for part in parts),
        troubles=sum(part.troubles for part in parts),
    )
