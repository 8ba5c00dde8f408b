"""What an order will take and cost, before anything is spent: pure but for the price table."""

from dataclasses import dataclass
from typing import Any, Self

from services.submit.means import Means
from services.submit.plan import window
from shared.catalogue.entry import ModelEntry
from shared.catalogue.prices import price_table, tariff
from shared.domain.costs import Demand, estimate
from shared.errors import FieldError, TooDear
from shared.models.batch import Configuration
from shared.models.costs import PROCESSORS, Estimate, Tariff


@dataclass(frozen=True)
class Offer:
    """
    What runs of a model take and cost here, under the terms of an order.

    ``workers``: what a pool of this machine's runs at once. ``tokens``: of the target, where they are known.
    ``tariff``: what a second of a run costs; None where that cannot be told.
    """

    model: ModelEntry
    terms: Configuration
    tariff: Tariff | None
    workers: int
    tokens: int | None

    @classmethod
    def of(cls, model: ModelEntry, terms: Configuration, means: Means, *, tokens: int | None) -> Self:
        """That of today."""
        today = tariff(model, means.engine, price_table(), tokens=tokens, attempts=terms.max_attempts)
        return cls(model, terms, today, means.at_once(model.id), tokens)

    def expected(self, jobs: int) -> Estimate:
        """Time and money for ``jobs`` ligands."""
        own, machine = self.tariff is not None and self.tariff.free, self.model.machine
        there = self.workers if own else machine.at_once if machine else 1
        demand = Demand(
            jobs=jobs,
            run_seconds=self.model.seconds_for(self.tokens),
            at_once=min(window(self.terms, jobs), there),
            start_seconds=machine.start_seconds if machine and not own else 0.0,
            idle_seconds=machine.idle_seconds if machine and not own else 0.0,
        )
        return estimate(demand, self.tariff)


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
