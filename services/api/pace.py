"""How fast a batch goes: pure. Times in seconds, rates per minute."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.models.facts import Outcome, OutcomeKind

TREND_OF = 5
ACCELERATING, STEADY = 0.5, 0.2


@dataclass(frozen=True)
class Durations:
    """
    Wall times of the runs that completed, in seconds; ``variance`` is that of a sample, in s².

    Runs that failed are left out: one that is refused in a millisecond says nothing about the others.
    """

    mean: float
    fastest: float
    slowest: float
    variance: float | None

    @property
    def spread(self) -> float:
        """From the fastest to the slowest."""
        return self.slowest - self.fastest


def durations(outcomes: Sequence[Outcome]) -> Durations | None:
    """None where nothing completed."""
    seconds = [
        outcome.seconds
        for outcome in outcomes
        if outcome.kind is OutcomeKind.COMPLETED and outcome.seconds is not None
    ]
    if not seconds:
        return None
    variance = statistics.variance(seconds) if len(seconds) > 1 else None
    return Durations(statistics.fmean(seconds), min(seconds), max(seconds), variance)


def per_minute(computed: int, elapsed: timedelta) -> float | None:
    """Ligands settled by a run per minute; None if no time passed."""
    seconds = elapsed.total_seconds()
    return round(60 * computed / seconds, 2) if seconds > 0 else None


def concurrency(runs: int, mean: float | None, elapsed: timedelta) -> float | None:
    """
    How many runs were under way at the same time, on average.

    Little's law: runs in the system = their rate × the mean time of one. None before the first.
    """
    seconds = elapsed.total_seconds()
    return round(runs / seconds * mean, 2) if runs and seconds > 0 and mean is not None else None


def seconds_left(remaining: int, computed: int, elapsed: timedelta, *, paused: bool) -> float | None:
    """
    Time until the last ligand: remaining × mean duration ÷ observed concurrency.

    By Little's law concurrency ÷ mean duration is the rate at which ligands come out, and that is
    counted, not estimated: remaining × elapsed ÷ computed. ``elapsed`` counts from the start of the
    first run. The rate is that of all the time so far, so a pause in it makes the answer too long.
    None while paused and before the first ligand; 0 at the end.
    """
    if not remaining:
        return 0.0
    seconds = elapsed.total_seconds()
    return round(seconds / computed * remaining, 1) if computed and seconds > 0 and not paused else None


def completion_trend(outcomes: Sequence[Outcome]) -> str:
    """
    From the last five completions: their intervals per minute.

    At least 0.5 a minute is ``accelerating``, 0.2 ``steady``, less ``decelerating``; these names are
    those users know, the thresholds measure speed and not its change.
    """
    ends = [outcome.finished_at for outcome in outcomes if outcome.kind is OutcomeKind.COMPLETED]
    last = sorted(ends)[-TREND_OF:]
    if len(last) < 2:
        return "insufficient_data"
    minutes = (last[-1] - last[0]).total_seconds() / 60
    if len(last) - 1 >= ACCELERATING * minutes:
        return "accelerating"
    return "steady" if len(last) - 1 >= STEADY * minutes else "decelerating"
