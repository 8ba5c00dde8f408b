"""The dated price table, and what a model's run costs by it."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from shared.catalogue.entry import ModelEntry
from shared.catalogue.files import document
from shared.models.base import Frozen
from shared.models.costs import PROCESSORS, THIS_MACHINE, Tariff

FILE = Path(__file__).parent / "prices.yaml"
Price = Annotated[float, Field(gt=0)]


class PriceTable(Frozen):
    """What a provider asks, in USD for each second of a GPU, a processor core, or a GiB of memory."""

    provider: str
    currency: Literal["USD"]
    as_of: date
    source: str
    gpus: Mapping[str, Price]
    cpu_core: Price
    memory_gib: Price


@cache
def price_table() -> PriceTable:
    """The table of this version."""
    return PriceTable.model_validate(document(FILE))


def tariff(
    model: ModelEntry, engine: str, table: PriceTable, *, tokens: int | None = None, attempts: int = 1
) -> Tariff | None:
    """
    What a second of this model's runs costs on this engine; None where that cannot be told.

    ``tokens`` of the target and ``attempts`` at a ligand may make it need other GPUs than the usual ones.
    """
    if engine != table.provider:
        return Tariff(provider=THIS_MACHINE)
    gpus = model.gpus_for(tokens, attempts)
    if model.machine is None or not set(gpus) <= set(table.gpus):
        return None
    beside = table.cpu_core * model.machine.cores + table.memory_gib * model.machine.memory_gib
    prices = table.gpus if model.machine.gpus else {PROCESSORS: 0.0}
    return Tariff(
        provider=table.provider,
        currency=table.currency,
        as_of=table.as_of,
        rates={gpu: round(price + beside, 10) for gpu, price in prices.items()},
        choices=gpus or (PROCESSORS,),
        most_seconds=model.timeout_seconds,
    )
