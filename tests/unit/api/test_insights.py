"""What the numbers of a batch say about how it goes."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.insights import batch_health, jobs_per_minute, progress, seconds_left
from shared.domain.lifecycle import Accounting
from tests.support.facts import at
from tests.support.world import NOON

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
    ("state", "elapsed", "left"),
    [
        (accounting(completed=5), 60, 0.0),
        (accounting(running=5), 60, None),
        (accounting(completed=5, running=5), 60, 60.0),
        (accounting(completed=2, failed=2, running=1), 60, 15.0),
        (accounting(completed=5, running=5), 0, None),
    ],
)
def test_the_time_left_is_that_of_the_open_ligands_at_the_rate_so_far(
    state: Accounting, elapsed: float, left: float | None
) -> None:
    assert seconds_left(state, created_at=NOON, now=at(elapsed)) == left


@pytest.mark.parametrize(("seconds", "rate"), [(60, 4.0), (30, 8.0), (0, None), (-1, None)])
def test_the_rate_is_of_computed_ligands_per_minute(seconds: float, rate: float | None) -> None:
    state = accounting(completed=3, failed=1, cancelled=9, invalid=9)
    assert jobs_per_minute(state, timedelta(seconds=seconds)) == rate
