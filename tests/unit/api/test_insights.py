"""What the numbers of a batch say about how it goes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.insights import (
    batch_health,
    performance_rating,
    plan_recommendations,
    progress,
    recommendations,
    resource_efficiency,
    risk,
)
from services.api.pace import Durations
from shared.domain.lifecycle import Accounting
from shared.models.batch import Configuration

counts = st.integers(0, 200)


def accounting(
    completed: int = 0, failed: int = 0, running: int = 0, cancelled: int = 0, invalid: int = 0
) -> Accounting:
    """An accounting that holds."""
    submitted = completed + failed + running + cancelled + invalid
    return Accounting(
        submitted=submitted,
        completed=completed,
        failed=failed,
        running=running,
        cancelled=cancelled,
        invalid=invalid,
        filtered=0,
    )


any_accounting = st.builds(accounting, counts, counts, counts, counts, counts).filter(lambda it: it.submitted)


@pytest.mark.parametrize(
    ("completed", "failed", "running", "health"),
    [
        (100, 0, 0, "excellent"),
        (90, 10, 0, "excellent"),
        (89, 10, 1, "healthy"),
        (88, 12, 0, "concerning"),
        (69, 31, 0, "unhealthy"),
        (0, 31, 69, "unhealthy"),
        (0, 16, 84, "concerning"),
        (30, 16, 54, "healthy"),
        (61, 9, 30, "excellent"),
        (0, 0, 100, "healthy"),
    ],
)
def test_health_follows_the_shares_of_completed_and_failed(
    completed: int, failed: int, running: int, health: str
) -> None:
    assert batch_health(accounting(completed, failed, running)) == health


def test_rows_that_were_never_to_run_say_nothing_about_health() -> None:
    assert batch_health(accounting(completed=10, invalid=90)) == "excellent"
    assert batch_health(accounting(invalid=3)) == "unknown"


@given(any_accounting)
def test_progress_counts_every_row_once(state: Accounting) -> None:
    said = progress(state)
    parts = ("completed", "failed", "running", "pending", "cancelled", "invalid", "filtered")
    assert sum(said[part] for part in parts) == said["total"] == state.submitted
    assert 0 <= said["progress_percentage"] <= 100
    assert (said["progress_percentage"] == 100) == (state.open == 0)
    if state.completed + state.failed:
        assert 0 <= said["success_rate"] <= 100
    else:
        assert said["success_rate"] is None


@pytest.mark.parametrize(
    ("completed", "failed", "running", "efficiency", "rating"),
    [
        (0, 0, 0, None, "unknown"),
        (0, 0, 9, None, "unknown"),
        (10, 0, 0, 0.7, "excellent"),
        (10, 0, 1, 0.7 + 0.3 / 1.1, "outstanding"),
        (90, 0, 10, 1.0, "outstanding"),
        (50, 0, 50, 1.0, "outstanding"),
        (9, 1, 0, 0.63, "good"),
        (8, 2, 0, 0.56, "good"),
        (7, 3, 0, 0.49, "fair"),
        (6, 4, 0, 0.42, "poor"),
        (0, 5, 0, 0.0, "poor"),
    ],
)
def test_efficiency_and_rating_weigh_what_runs_and_what_succeeds(
    completed: int, failed: int, running: int, efficiency: float | None, rating: str
) -> None:
    state = accounting(completed, failed, running)
    assert resource_efficiency(state) == (None if efficiency is None else pytest.approx(efficiency))
    assert performance_rating(state) == rating


# Without running ligands the score is 0.88 × the success ratio; with enough of them, 0.12 more.
@pytest.mark.parametrize(
    ("completed", "failed", "running", "rating"),
    [
        (8864, 1136, 2000, "outstanding"),
        (8863, 1137, 2000, "excellent"),
        (9091, 909, 0, "excellent"),
        (9090, 910, 0, "good"),
        (7955, 2045, 0, "good"),
        (7954, 2046, 0, "fair"),
        (6819, 3181, 0, "fair"),
        (6818, 3182, 0, "poor"),
    ],
)
def test_the_rating_changes_at_its_thresholds(completed: int, failed: int, running: int, rating: str) -> None:
    assert performance_rating(accounting(completed, failed, running)) == rating


@given(any_accounting)
def test_efficiency_lies_between_0_and_1_and_every_batch_has_a_rating(state: Accounting) -> None:
    efficiency = resource_efficiency(state)
    assert efficiency is None or 0 <= efficiency <= 1
    assert performance_rating(state) in {"outstanding", "excellent", "good", "fair", "poor", "unknown"}
    assert (performance_rating(state) == "unknown") == (efficiency is None)
    assert batch_health(state) in {"excellent", "healthy", "concerning", "unhealthy", "unknown"}


@pytest.mark.parametrize(
    ("jobs", "seconds", "residues", "expected"),
    [
        (50, 600, 1000, 0.0),
        (51, 600, 1000, 0.3),
        (50, 600.1, 1000, 0.2),
        (50, 600, 1001, 0.1),
        (51, 601, 1001, 0.6),
        (51, None, None, 0.3),
    ],
)
def test_risk_adds_up_what_is_large(
    jobs: int, seconds: float | None, residues: int | None, expected: float
) -> None:
    assert risk(jobs=jobs, seconds_per_job=seconds, residues=residues) == expected


@pytest.mark.parametrize(
    ("state", "spread", "trend", "words"),
    [
        (accounting(completed=80, failed=20), 300, "steady", []),
        (accounting(completed=79, failed=21), 300, "steady", ["21 % of the ligands failed"]),
        (accounting(completed=50, running=50), None, "stable", []),
        (accounting(completed=49, running=51), None, "stable", ["high concurrent load"]),
        (accounting(running=51), None, "insufficient_data", []),
        (accounting(completed=9), 300.1, "accelerating", ["high variance of run times: 1 s to 301 s"]),
        (accounting(completed=9), 0, "decelerating", ["completions come slowly"]),
    ],
)
def test_recommendations_come_at_their_thresholds(
    state: Accounting, spread: float | None, trend: str, words: list[str]
) -> None:
    times = None if spread is None else Durations(mean=1, fastest=1, slowest=1 + spread, variance=None)
    found = list(recommendations(state, times, trend))
    assert len(found) == len(words)
    assert all(word in said for word, said in zip(words, found, strict=True))


@pytest.mark.parametrize(
    ("changes", "jobs", "risky", "words"),
    [
        ({}, 1500, 0.5, []),
        ({"scheduling_strategy": "sequential"}, 20, 0, []),
        ({"scheduling_strategy": "sequential"}, 21, 0, ["one after the other"]),
        ({}, 100, 0.6, ["split it"]),
        ({"retry_failed_jobs": False}, 10, 0, []),
        ({"retry_failed_jobs": False}, 11, 0, ["without retries"]),
    ],
)
def test_what_could_be_ordered_otherwise_is_said_at_its_thresholds(
    changes: dict[str, Any], jobs: int, risky: float, words: list[str]
) -> None:
    found = list(plan_recommendations(Configuration(**changes), jobs=jobs, risk=risky))
    assert [word for word, said in zip(words, found, strict=True) if word in said] == words
