"""The price table, and what a model's run costs by it."""

import pytest

from modal_gpu.hosting import HOSTED
from shared.catalogue.entry import Machine, known
from shared.catalogue.prices import price_table, tariff
from shared.models.costs import PROCESSORS, THIS_MACHINE


def test_the_table_says_of_which_day_it_is_and_where_it_comes_from() -> None:
    table = price_table()
    assert (table.provider, table.currency, table.as_of.isoformat()) == ("modal", "USD", "2026-08-10")
    assert "modal.com/pricing" in table.source
    assert table.gpus["A100-40GB"] == 0.000583


def test_a_second_of_a_run_costs_its_gpu_its_processors_and_its_memory() -> None:
    found = tariff(known("boltz2"), "modal", price_table())
    assert found is not None
    assert found.rate == pytest.approx(0.000583 + 4 * 0.0000131 + 16 * 0.00000222)
    assert found.highest_rate == found.rates["H100"]
    assert found.lowest_rate == found.rates["A100-40GB"]


def test_a_large_target_costs_the_gpu_that_it_needs_and_at_the_most_the_one_of_its_last_attempt() -> None:
    found = tariff(known("boltz2"), "modal", price_table(), tokens=1700, attempts=2)
    assert found is not None
    assert (found.rate, found.highest_rate) == (found.rates["A100-80GB"], found.rates["H200"])


def test_a_model_without_a_gpu_costs_processors_and_memory_alone() -> None:
    found = tariff(known("vina"), "modal", price_table())
    assert found is not None
    assert found.choices == (PROCESSORS,)
    assert found.rate == pytest.approx(0.0000131 + 0.00000222)


def test_on_a_machine_of_one_s_own_nobody_asks_a_price() -> None:
    found = tariff(known("vina"), "pool", price_table())
    assert found is not None
    assert (found.provider, found.free, found.rate) == (THIS_MACHINE, True, 0.0)


def test_a_model_whose_machine_is_not_known_or_not_priced_has_no_tariff() -> None:
    model = known("boltz2")
    assert model.machine is not None
    odd = Machine(**model.machine.model_dump() | {"gpus": ("A100-40GB", "TPU")})
    for machine in (None, odd):
        assert tariff(model.model_copy(update={"machine": machine}), "modal", price_table()) is None


@pytest.mark.parametrize("model", sorted(HOSTED))
def test_the_catalogue_prices_the_machines_that_are_deployed(model: str) -> None:
    hosting, machine = HOSTED[model], known(model).machine
    assert machine is not None
    assert machine.gpus == hosting.gpus
    assert (machine.cores, machine.memory_gib * 1024) == (hosting.cores, hosting.memory_mb[0])
    assert (machine.at_once, machine.idle_seconds) == (hosting.most_containers, hosting.idle_seconds)
    assert machine.start_seconds <= hosting.start_seconds
