"""The brake: a number between one and the window, moved by what was seen and by nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.pacing import (
    SAMPLE,
    Pool,
    View,
    experience_of,
    free_limit,
    judge,
    littles_limit,
    together,
)
from shared.models.facts import Experience, Pace
from tests.support.facts import LOST, WRONG, a_batch, at, outcome, ref
from tests.support.properties import examples
from tests.support.world import NOON

IDLE = Pool(size=2, running=0, waiting=0)


def view(window: int = 100, **changes: Any) -> View:
    """A look at a round whose model says that a run takes fifteen seconds."""
    fields: dict[str, Any] = {"round": 0, "in_flight": 0, "experience": Experience(), "typical_seconds": 15}
    return View(window=window, **fields | changes)


def pace(limit: int | None, **changes: Any) -> Pace:
    """A brake that stands."""
    fields: dict[str, Any] = {"reason": "before", "run_seconds": 15, "judged_at": NOON}
    return Pace(limit=limit, **fields | changes)


def seen(ran: int, seconds: float, troubles: int = 0) -> Experience:
    """Runs of this mean time, and attempts that were lost."""
    return Experience(ran=ran, busy_seconds=ran * seconds, troubles=troubles)


def limit(standing: Pace | None, look: View, pool: Pool = IDLE, strategy: Any = "adaptive") -> int | None:
    """What ``judge`` makes of it."""
    found = judge(strategy, standing, look, pool, now=at(60))
    return found.limit if found else None


@pytest.mark.parametrize(
    ("size", "run", "expected"),
    [(2, 15, 6), (20, 205, 22), (2, 0.002, 30_002), (1, 30, 2), (4, 3600, 4), (1, 0, 30_001)],
)
def test_a_queue_holds_what_keeps_its_last_job_waiting_half_a_minute(
    size: int, run: float, expected: int
) -> None:
    assert littles_limit(size, run) == expected


@pytest.mark.parametrize(
    ("standing", "look", "expected"),
    [
        (None, view(), 6),
        (None, view(typical_seconds=0.01), None),
        (None, view(window=5), None),
        (None, view(experience=seen(8, 60)), 3),
        (pace(6), view(experience=seen(SAMPLE - 1, 1)), 6),
        (pace(6), view(experience=seen(SAMPLE, 1)), 9),
        (pace(6), view(experience=seen(SAMPLE, 12)), 7),
        (pace(40), view(experience=seen(SAMPLE, 60)), 3),
        (pace(40), view(experience=seen(8, 0.1, troubles=2)), 20),
        (pace(40), view(experience=seen(9, 0.1, troubles=2)), 60),
        (pace(3), view(experience=seen(0, 0, troubles=9)), 2),
        (pace(None), view(experience=seen(0, 0, troubles=9)), 50),
        (pace(None), view(experience=seen(9, 0.01)), None),
        (pace(None), view(experience=seen(9, 60)), 3),
        (pace(90), view(experience=seen(9, 0.01)), 100),
        (pace(9, judged=seen(50, 15)), view(experience=seen(57, 15)), 9),
        (pace(9, judged=seen(50, 15)), view(experience=seen(58, 15)), 6),
        (pace(9, judged=seen(50, 15)), view(round=1, experience=seen(8, 60)), 3),
    ],
)
def test_adaptive_follows_the_time_of_runs_and_the_share_of_lost_ones(
    standing: Pace | None, look: View, expected: int | None
) -> None:
    assert limit(standing, look) == expected


@pytest.mark.parametrize(
    ("in_flight", "pool", "expected"),
    [
        (0, Pool(8, running=0, waiting=0), 10),
        (5, Pool(8, running=8, waiting=0), 7),
        (5, Pool(8, running=6, waiting=0), 9),
        (9, Pool(8, running=8, waiting=2), 9),
        (9, Pool(8, running=8, waiting=50), 1),
        (0, Pool(1, running=3, waiting=0), 1),
    ],
)
def test_resource_aware_takes_what_is_free_and_a_small_buffer(
    in_flight: int, pool: Pool, expected: int
) -> None:
    assert free_limit(in_flight, pool) == expected
    assert limit(None, view(in_flight=in_flight), pool, "resource_aware") == expected


@pytest.mark.parametrize("strategy", ["sequential", "parallel"])
def test_the_other_strategies_have_no_brake(strategy: Any) -> None:
    assert judge(strategy, None, view(experience=seen(0, 0, troubles=99)), IDLE, now=NOON) is None


def test_a_look_that_changes_nothing_returns_what_stands() -> None:
    for standing, strategy in ((pace(3), "resource_aware"), (pace(6), "adaptive")):
        assert judge(strategy, standing, view(), IDLE, now=at(60)) is standing  # type: ignore[arg-type]


def test_the_reason_says_what_was_seen() -> None:
    slow = judge("adaptive", pace(9), view(experience=seen(8, 60)), IDLE, now=at(60))
    lost = judge("adaptive", pace(9), view(experience=seen(6, 60, troubles=3)), IDLE, now=at(60))
    free = judge("resource_aware", pace(9), view(), IDLE, now=at(60))
    assert slow is not None
    assert "runs take 60 s on 2 runners" in slow.reason
    assert lost is not None
    assert lost.reason == "3 of the last 9 runs were lost"
    assert free is not None
    assert free.reason == "0 of 2 runners are busy, 0 runs wait"
    assert {it.judged_at for it in (slow, lost, free)} == {at(60)}


counts = st.integers(0, 2000)
experiences = st.builds(Experience, ran=counts, busy_seconds=st.floats(0, 1e7), troubles=counts)
pools = st.builds(Pool, size=st.integers(1, 300), running=counts, waiting=counts)
paces = st.none() | st.builds(pace, st.none() | st.integers(1, 999), run_seconds=st.floats(0, 1e5))


@examples(300)
@given(
    strategy=st.sampled_from(["adaptive", "resource_aware"]),
    standing=paces,
    window=st.integers(1, 999),
    in_flight=counts,
    experience=experiences,
    pool=pools,
)
def test_whatever_is_seen_the_brake_leaves_at_least_one_and_never_more_than_the_window(
    strategy: Any, standing: Pace | None, window: int, in_flight: int, experience: Experience, pool: Pool
) -> None:
    look = view(window, in_flight=in_flight, experience=experience)
    found = judge(strategy, standing, look, pool, now=at(60))
    assert found is not None
    if found is standing:
        return
    if found.limit is None:
        assert standing is None or standing.limit is None
        return
    least = min(window, pool.size) if strategy == "adaptive" and standing is None else 1
    assert least <= found.limit <= window


@examples(100)
@given(
    first=st.integers(1, 999),
    window=st.integers(1, 999),
    size=st.integers(1, 100),
    run=st.floats(0.01, 1000),
)
def test_untroubled_looks_settle_at_littles_limit_within_the_window(
    first: int, window: int, size: int, run: float
) -> None:
    standing: Pace | None = pace(first)
    for look in range(1, 40):
        now = view(window, experience=seen(SAMPLE * look, run))
        standing = judge("adaptive", standing, now, Pool(size, 0, 0), now=at(look))
    assert standing is not None
    assert standing.limit is not None
    assert abs(standing.limit - min(window, littles_limit(size, run))) <= 1


def test_outcomes_show_run_times_and_every_attempt_that_was_lost() -> None:
    batch = a_batch(9)
    times: dict[str, Any] = {"started_at": NOON, "finished_at": at(4)}
    third = ref(batch, 1, attempt=3)
    outcomes = [
        outcome(batch, 0, **times),
        outcome(batch, 1, ref=third, **times),
        outcome(batch, 2, "failed", failure=WRONG, **times),
        outcome(batch, 3, "failed", failure=LOST, ref=ref(batch, 3, attempt=2), **times),
        outcome(batch, 4, "cancelled"),
    ]
    shown = experience_of(outcomes)
    assert (shown.ran, shown.busy_seconds, shown.troubles) == (2, 8.0, 2 + 2)
    assert (shown.ended, shown.run_seconds, shown.trouble_share) == (6, 4.0, 4 / 6)
    assert together([shown, shown]).since(shown) == shown
    assert (Experience().run_seconds, Experience().trouble_share) == (None, 0.0)
