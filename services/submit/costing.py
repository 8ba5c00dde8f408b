"""What an order will take and cost, before anything is spent: pure but for the price table."""

from typing import Any

from services.submit.plan import window
from shared.catalogue.entry import ModelEntry
from shared.catalogue.prices import price_table, tariff
from shared.domain.costs import Demand, estimate
from shared.errors import FieldError, TooDear
from shared.models.batch import Configuration
from shared.models.costs import PROCESSORS, Estimate, Tariff


def tariff_of(
    model: ModelEntry, engine: str, configuration: Configuration, *, tokens: int | None
) -> Tariff | None:
    """What a second of a run costs today; None where that cannot be told. ``tokens``: of the target."""
    return tariff(model, engine, price_table(), tokens=tokens, attempts=configuration.max_attempts)


def expected(
    model: ModelEntry,
    tariff: Tariff | None,
    configuration: Configuration,
    *,
    jobs: int,
    workers: int,
    tokens: int | None,
) -> Estimate:
    """
    Time and money for ``jobs`` ligands; ``workers``: what a pool of this machine's runs at once.

    ``tokens``: of the target, where they are known.
    """
    own, machine = tariff is not None and tariff.free, model.machine
    there = workers if own else machine.at_once if machine else 1
    demand = Demand(
        jobs=jobs,
        run_seconds=model.seconds_for(tokens),
        at_once=min(window(configuration, jobs), there),
        start_seconds=machine.start_seconds if machine and not own else 0.0,
        idle_seconds=machine.idle_seconds if machine and not own else 0.0,
    )
    return estimate(demand, tariff)


def cost(model: ModelEntry, tariff: Tariff | None, expected: Estimate, *, jobs: int) -> dict[str, Any]:
    """
    The expected cost, the least and the most, and what they are made of; null where there is no price.

    The least is for the cheapest GPU that the model may get and runs alone, the most for the dearest one.
    """
    head = {"currency": "USD", "usd": expected.usd, "usd_low": None, "usd_high": None}
    if tariff is None:
        return {**head, "provider": None, "note": "no price is known for this model"}
    if tariff.free:
        note = "runs on a machine of one's own cost no provider's money"
        return {**head, "usd_low": 0.0, "usd_high": 0.0, "provider": tariff.provider, "note": note}
    runs = jobs * expected.run_seconds
    gpu = tariff.choices[0]
    return {
        **head,
        "usd_low": runs * tariff.lowest_rate,
        "usd_high": (runs + expected.overhead_usd / tariff.rate) * tariff.highest_rate,
        "provider": tariff.provider,
        "gpu": None if gpu == PROCESSORS else gpu,
        "gpu_choices": [it for it in tariff.choices if it != PROCESSORS],
        "rate_usd_per_second": tariff.rate,
        "price_as_of": tariff.as_of.isoformat() if tariff.as_of else None,
        "runs_usd": runs * tariff.rate,
        "overhead_usd": expected.overhead_usd,
        "usd_per_ligand": expected.run_seconds * tariff.rate,
        "includes": "GPU, processors and memory of all runs; starting and idling of each machine once",
        "excludes": "attempts that fail and are made again",
    }


def check_limit(limit: float | None, expected: Estimate) -> None:
    """Raise TooDear for an estimate above the user's limit, or one that cannot be held against it."""
    if limit is None or (expected.usd is not None and expected.usd <= limit):
        return
    message = (
        "cannot be kept: there is no price for this model"
        if expected.usd is None
        else over_limit(expected.usd, limit)
    )
    raise TooDear(f"max_cost_usd: {message}", [FieldError("configuration.max_cost_usd", message)])


def over_limit(usd: float, limit: float) -> str:
    """Both numbers in a sentence."""
    return f"the estimate is {usd:.4g} USD, above the limit of {limit:.4g} USD"
