"""
What runs cost: before, as an estimate, and while a batch runs, against its limit. Pure.

Money is counted when a run is settled, at the tariff that the batch was submitted under. Against
``max_cost_usd`` a run whose GPU is not known counts at the highest rate it can have had, and a run that
nobody reported as if it had lasted to its time limit: the limit errs on the side of the user.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from shared.domain.machines import gpu_of
from shared.models.costs import PROCESSORS, Estimate, Spent, Tariff, Usage

EPSILON = 1e-9
"""USD. Sums of many small amounts do not come out even."""


@dataclass(frozen=True)
class Demand:
    """
    The work of a batch: ``jobs`` runs of about ``run_seconds``, ``at_once`` of them at a time.

    Each machine is paid for ``idle_seconds`` in which it is started or waits, beside its runs.
    """

    jobs: int
    run_seconds: float
    at_once: int
    start_seconds: float = 0.0
    idle_seconds: float = 0.0


def estimate(demand: Demand, tariff: Tariff | None) -> Estimate:
    """Time and money for the demand; what is to be paid is of the GPU that runs get usually."""
    machines = min(demand.at_once, demand.jobs)
    seconds = demand.start_seconds + demand.run_seconds * demand.jobs / max(1, machines)
    if tariff is None:
        usd, overhead = None, 0.0
    else:
        overhead = tariff.rate * machines * (demand.start_seconds + demand.idle_seconds)
        usd = tariff.rate * demand.jobs * demand.run_seconds + overhead
    return Estimate(
        run_seconds=demand.run_seconds,
        seconds=seconds,
        at_once=max(1, machines),
        usd=usd,
        overhead_usd=overhead,
    )


def usage(tariff: Tariff, *, machine: str | None, seconds: float, most_seconds: float) -> Usage:
    """What a run used that took ``seconds``; no ``machine``: unreported, it took ``most_seconds`` at most."""
    if machine is None:
        guessed = min(max(0.0, seconds), most_seconds) * tariff.highest_rate
        return Usage(machine=None, gpu=None, seconds=None, counted_usd=guessed)
    gpu = PROCESSORS if PROCESSORS in tariff.rates else gpu_of(machine)
    gpu = gpu if gpu in tariff.rates else None
    rate = tariff.highest_rate if gpu is None else tariff.rates[gpu]
    seconds = max(0.0, seconds)
    return Usage(machine=machine, gpu=gpu, seconds=seconds, counted_usd=seconds * rate)


def spent(runs: Iterable[Usage]) -> Spent:
    """The sum over runs."""
    runs = list(runs)
    return Spent(seconds=sum(run.seconds or 0.0 for run in runs), usd=sum(run.counted_usd for run in runs))


def together(parts: Iterable[Spent]) -> Spent:
    """The sum of sums."""
    parts = list(parts)
    return Spent(seconds=sum(part.seconds for part in parts), usd=sum(part.usd for part in parts))


@dataclass(frozen=True)
class Purse:
    """
    A round as its limit looks at it: what was ``spent`` of the ``limit`` in all rounds, and what is open.

    ``begun`` places have an attempt or an outcome or were passed over; of these ``settled`` have their
    outcome. ``run_usd``: what a ligand costs, by what was seen or else by the estimate.
    """

    limit: float
    spent: float
    jobs: int
    begun: int
    settled: int
    in_flight: int
    run_usd: float


@dataclass(frozen=True)
class Allowance:
    """``until``: the last place that may be begun, None for all; ``over``: the batch is to end."""

    until: int | None = None
    over: bool = False


def allowance(purse: Purse) -> Allowance:
    """
    How far the money goes.

    What is in flight is paid for first. A batch ends when its money is gone, or would not do for one
    more ligand while none is in flight.
    """
    if purse.settled == purse.jobs:
        return Allowance()
    left = purse.limit - purse.spent
    affordable = max(0, math.floor((left + EPSILON) / purse.run_usd)) if purse.run_usd > 0 else purse.jobs
    if left <= EPSILON or (affordable == 0 and purse.in_flight == 0):
        return Allowance(until=purse.begun - 1, over=True)
    if affordable >= purse.jobs - purse.settled:
        return Allowance()
    return Allowance(until=max(purse.begun, purse.settled + affordable) - 1)


def run_usd(expected: float, settled: int, seen: float, *, sample: int) -> float:
    """What a ligand costs: as ``seen`` of ``settled`` ones; until a sample is in, not less than expected."""
    if settled == 0:
        return expected
    mean = seen / settled
    return mean if settled >= sample else max(mean, expected)
