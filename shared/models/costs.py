"""What runs cost: the prices a batch was submitted under, what was expected of it, and what it used."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from shared.models.base import Frozen

THIS_MACHINE = "this machine"
PROCESSORS = "CPU"
"""Stands among the GPUs for a model that needs none."""

Usd = Annotated[float, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]


class Tariff(Frozen):
    """
    The prices of the day on which a batch was submitted.

    ``rates``: USD for each second of a run by its GPU, with the processors and the memory that the model
    is given. ``choices`` are the GPUs that the model may get, the first one usually. ``most_seconds``: the
    model's own limit of a run. Of THIS_MACHINE nobody asks a price.
    """

    provider: str
    currency: Literal["USD"] = "USD"
    as_of: date | None = None
    rates: Mapping[str, Usd] = {}
    choices: tuple[str, ...] = ()
    most_seconds: Seconds = 0.0

    @property
    def free(self) -> bool:
        """Whether runs cost no provider's money."""
        return self.provider == THIS_MACHINE

    @property
    def rate(self) -> float:
        """Of the GPU that runs get usually."""
        return 0.0 if self.free else self.rates[self.choices[0]]

    @property
    def highest_rate(self) -> float:
        """Of the dearest GPU that a run may get."""
        return max((self.rates[gpu] for gpu in self.choices), default=0.0)

    @property
    def lowest_rate(self) -> float:
        """Of the cheapest GPU that a run may get."""
        return min((self.rates[gpu] for gpu in self.choices), default=0.0)


class Estimate(Frozen):
    """
    What was expected of a batch when it was submitted; USD are None where there is no price.

    ``seconds``: from its start to its end with ``at_once`` runs at a time. ``overhead_usd`` is the part
    of ``usd`` that is for starting containers and for their idling.
    """

    run_seconds: Seconds
    seconds: Seconds
    at_once: Annotated[int, Field(ge=1)]
    usd: Usd | None
    overhead_usd: Usd = 0.0


class Usage(Frozen):
    """
    What one run used.

    ``gpu``: the key of its price; None if the name of the ``machine`` tells none. ``machine`` and
    ``seconds`` are None of a run that nobody reported. ``counted_usd`` is what it counts for against
    ``max_cost_usd``, where a guess is made for what is not known.
    """

    machine: str | None
    gpu: str | None
    seconds: Seconds | None
    counted_usd: Usd


class Spent(Frozen):
    """The sum over runs: ``seconds`` of those that were reported, ``usd`` as counted of all."""

    seconds: float = 0.0
    usd: float = 0.0
