"""How fast a batch goes."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.pace import completion_trend, concurrency, durations, per_minute, seconds_left
from shared.models.facts import Outcome
from tests.support.facts import a_batch, at, outcome

BATCH = a_batch(100)


def ran(seconds: float, *, end: float = 0, kind: str = "completed", **changes: Any) -> Outcome:
    """A run that took so long and ended so many seconds after noon."""
    return outcome(BATCH, kind=kind, started_at=at(end - seconds), finished_at=at(end), **changes)


@pytest.mark.parametrize(
    ("remaining", "computed", "seconds", "paused", "left"),
    [
        (0, 5, 60, False, 0.0),
        (0, 5, 60, True, 0.0),
        (5, 0, 60, False, None),
        (5, 5, 60, False, 60.0),
        (5, 5, 60, True, None),
        (1, 4, 60, False, 15.0),
        (5, 5, 0, False, None),
        (5, 5, -1, False, None),
    ],
)
def test_the_time_left_is_that_of_the_open_ligands_at_the_rate_so_far(
    remaining: int, computed: int, seconds: float, paused: bool, left: float | None
) -> None:
    assert seconds_left(remaining, computed, timedelta(seconds=seconds), paused=paused) == left


@given(
    workers=st.integers(1, 50),
    waves=st.integers(1, 20),
    left=st.integers(1, 20),
    mean=st.floats(1, 1000),
)
def test_the_time_left_is_remaining_times_mean_by_concurrency(
    workers: int, waves: int, left: int, mean: float
) -> None:
    """So many workers, each busy all the time with runs of the same length."""
    computed, elapsed = workers * waves, timedelta(seconds=waves * mean)
    found = seconds_left(workers * left, computed, elapsed, paused=False)
    assert found == pytest.approx(left * mean, abs=0.1)
    assert concurrency(computed, mean, elapsed) == pytest.approx(workers, abs=0.01)


@pytest.mark.parametrize(("seconds", "rate"), [(60, 4.0), (30, 8.0), (0, None), (-1, None)])
def test_the_rate_is_of_computed_ligands_per_minute(seconds: float, rate: float | None) -> None:
    assert per_minute(4, timedelta(seconds=seconds)) == rate


@pytest.mark.parametrize(
    ("runs", "mean", "seconds", "expected"),
    [(10, 12.0, 60, 2.0), (0, 12.0, 60, None), (10, None, 60, None), (10, 12.0, 0, None)],
)
def test_concurrency_is_rate_times_mean_duration(
    runs: int, mean: float | None, seconds: float, expected: float | None
) -> None:
    assert concurrency(runs, mean, timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize(
    ("intervals", "trend"),
    [
        ([], "insufficient_data"),
        ([120.0], "accelerating"),
        ([120.1], "steady"),
        ([300.0], "steady"),
        ([300.1], "decelerating"),
        ([0.0], "accelerating"),
        ([120.0] * 4, "accelerating"),
        ([120.1] * 4, "steady"),
        ([300.1] * 4, "decelerating"),
        ([9000.0, 120.0, 120.0, 120.0, 120.0], "accelerating"),
        ([1.0, 301.0, 301.0, 301.0, 301.0], "decelerating"),
    ],
)
def test_the_trend_is_that_of_the_last_five_completions(intervals: list[float], trend: str) -> None:
    ends = [sum(intervals[:n]) for n in range(len(intervals) + 1)]
    outcomes = [ran(1, end=end) for end in ends]
    assert completion_trend(outcomes) == trend
    assert completion_trend(outcomes[::-1]) == trend


def test_failures_are_no_completions() -> None:
    assert completion_trend([ran(1, end=0), ran(1, end=1, kind="failed")]) == "insufficient_data"
    assert durations([ran(1, kind="failed"), ran(1, kind="cancelled")]) is None


def test_one_run_has_no_variance() -> None:
    found = durations([ran(3)])
    assert found is not None
    assert (found.mean, found.fastest, found.slowest, found.variance, found.spread) == (3, 3, 3, None, 0)


def test_a_run_without_a_start_has_no_duration() -> None:
    assert durations([outcome(BATCH)]) is None


@given(st.lists(st.floats(0, 7200), min_size=2, max_size=30))
def test_the_mean_lies_between_the_fastest_and_the_slowest(seconds: list[float]) -> None:
    found = durations([ran(it) for it in seconds])
    assert found is not None
    assert found.fastest - 1e-6 <= found.mean <= found.slowest + 1e-6
    assert found.variance is not None
    assert 0 <= found.variance <= found.spread**2
    assert found.spread == pytest.approx(max(seconds) - min(seconds), abs=1e-5)
