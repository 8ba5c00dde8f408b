"""Money: before, against a limit, and after."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.account import Account, Bill
from shared.domain.costs import Allowance, Demand, Purse, allowance, estimate, run_usd, spent, usage
from shared.models.costs import PROCESSORS, THIS_MACHINE, Spent, Tariff, Usage
from tests.support.properties import examples

GPUS = Tariff(provider="modal", rates={"A100-40GB": 0.001, "L40S": 0.0005}, choices=("A100-40GB", "L40S"))
CPU = Tariff(provider="modal", rates={PROCESSORS: 0.00001}, choices=(PROCESSORS,))
OWN = Tariff(provider=THIS_MACHINE)
A100 = "NVIDIA A100-SXM4-40GB"


def test_the_estimate_is_rate_times_runs_and_each_machine_s_start_and_idling() -> None:
    demand = Demand(jobs=10_000, run_seconds=20, at_once=20, start_seconds=60, idle_seconds=120)
    found = estimate(demand, GPUS)
    assert found.usd == pytest.approx(0.001 * (10_000 * 20 + 20 * 180))
    assert found.overhead_usd == pytest.approx(0.001 * 20 * 180)
    assert found.seconds == 60 + 10_000 * 20 / 20


def test_no_more_machines_are_started_than_there_are_ligands() -> None:
    found = estimate(Demand(jobs=3, run_seconds=20, at_once=20, start_seconds=60), GPUS)
    assert (found.at_once, found.seconds) == (3, 80)
    assert found.usd == pytest.approx(0.001 * (60 + 180))


def test_where_there_is_no_price_the_time_is_told_and_the_cost_is_null() -> None:
    found = estimate(Demand(jobs=10, run_seconds=2, at_once=2), None)
    assert (found.seconds, found.usd) == (10, None)


def test_a_reported_run_costs_its_own_gpu() -> None:
    found = usage(GPUS, machine="NVIDIA L40S", seconds=10, most_seconds=1800)
    assert (found.gpu, found.seconds) == ("L40S", 10)
    assert found.counted_usd == pytest.approx(0.005)


def test_a_run_on_a_gpu_that_is_not_known_counts_as_the_dearest_and_has_no_price() -> None:
    found = usage(GPUS, machine="node-7", seconds=10, most_seconds=1800)
    assert (found.gpu, found.seconds) == (None, 10)
    assert found.counted_usd == pytest.approx(0.01)


def test_a_run_that_nobody_reported_counts_as_long_as_it_may_have_lasted() -> None:
    short = usage(GPUS, machine=None, seconds=100, most_seconds=1800)
    long = usage(GPUS, machine=None, seconds=99_999, most_seconds=1800)
    assert short.seconds is None
    assert short.counted_usd == pytest.approx(0.1)
    assert long.counted_usd == pytest.approx(1.8)


def test_of_processors_the_name_of_the_machine_does_not_matter() -> None:
    assert usage(CPU, machine="any", seconds=10, most_seconds=99).gpu == PROCESSORS


def purse(**changes: float) -> Purse:
    """Ten ligands of 1 USD under a limit of 6."""
    fields: dict[str, Any] = {"limit": 6.0, "jobs": 10, "run_usd": 1.0}
    fields |= dict.fromkeys(("spent", "begun", "settled", "in_flight"), 0)
    return Purse(**fields | changes)


def test_as_long_as_the_money_does_for_all_there_is_no_brake() -> None:
    assert allowance(purse(limit=10)) == Allowance()


def test_no_place_is_begun_that_could_not_be_paid_after_those_before_it() -> None:
    assert allowance(purse()) == Allowance(until=5)
    assert allowance(purse(spent=2, begun=4, settled=2, in_flight=2)) == Allowance(until=5)


def test_what_is_in_flight_is_waited_for_while_its_money_may_do() -> None:
    assert allowance(purse(spent=5.5, begun=6, settled=5, in_flight=1)) == Allowance(until=5)


def test_a_batch_ends_when_one_more_ligand_cannot_be_paid() -> None:
    assert allowance(purse(spent=5.5, begun=5, settled=5)).over


def test_a_batch_ends_at_once_when_its_money_is_gone() -> None:
    assert allowance(purse(spent=6, begun=9, settled=4, in_flight=5)).over


def test_a_batch_that_is_done_does_not_end_by_its_limit() -> None:
    assert allowance(purse(spent=9, begun=10, settled=10)) == Allowance()


def test_the_price_of_a_ligand_is_not_seen_cheaper_before_there_is_a_sample() -> None:
    assert run_usd(1.0, 0, 0.0, sample=8) == 1.0
    assert run_usd(1.0, 2, 0.2, sample=8) == 1.0
    assert run_usd(1.0, 2, 6.0, sample=8) == 3.0
    assert run_usd(1.0, 8, 0.8, sample=8) == pytest.approx(0.1)


@examples(300)
@given(limit=st.integers(0, 60), at_once=st.integers(1, 7), costs=st.lists(st.just(1.0), max_size=40))
def test_runs_that_cost_what_was_expected_never_exceed_the_limit_and_waste_none(
    limit: int, at_once: int, costs: list[float]
) -> None:
    begun = settled = 0
    paid = 0.0
    while settled < len(costs):
        state = purse(
            limit=limit, spent=paid, jobs=len(costs), begun=begun, settled=settled, in_flight=begun - settled
        )
        granted = allowance(state)
        if granted.over:
            break
        last = len(costs) - 1 if granted.until is None else granted.until
        begun = max(begun, min(last + 1, settled + at_once))
        paid += costs[settled]
        settled += 1
    assert begun == settled
    assert paid == min(limit, len(costs))


def a_bill(*machines: str | None) -> Bill:
    """Runs of ten seconds."""
    bill = Bill()
    bill.add(usage(GPUS, machine=it, seconds=10, most_seconds=5) for it in machines)
    return bill


def account(tariff: Tariff | None) -> Account:
    """A batch that took a minute."""
    return Account(tariff, None, None, 60.0)


def test_the_cost_of_a_batch_on_one_kind_of_gpu() -> None:
    told = account(GPUS).final(a_bill(A100, A100))
    assert (told["gpu"], told["gpu_seconds"], told["rate_usd_per_second"]) == ("A100-40GB", 20, 0.001)
    assert told["usd"] == pytest.approx(0.02)
    assert (told["usd_reason"], told["unreported_runs"], told["actual_seconds"]) == (None, 0, 60)


def test_several_kinds_are_told_one_by_one() -> None:
    told = account(GPUS).final(a_bill(A100, "NVIDIA L40S"))
    assert (told["gpu"], told["rate_usd_per_second"], told["usd"]) == (None, None, pytest.approx(0.015))
    assert [(it["gpu"], it["seconds"]) for it in told["by_gpu"]] == [("A100-40GB", 10), ("L40S", 10)]


def test_a_machine_without_a_price_makes_the_cost_null_and_never_zero() -> None:
    told = account(GPUS).final(a_bill(A100, "NVIDIA GeForce RTX 4090"))
    assert told["usd"] is None
    assert told["usd_reason"] == "no price is known for NVIDIA GeForce RTX 4090"
    assert {it["gpu"]: it["usd"] for it in told["by_gpu"]} == {"A100-40GB": pytest.approx(0.01), None: None}


def test_lost_runs_are_told_apart_and_counted() -> None:
    told = account(GPUS).final(a_bill(A100, None))
    assert (told["unreported_runs"], told["usd"]) == (1, pytest.approx(0.01))
    assert told["counted_usd"] == pytest.approx(0.01 + 5 * 0.001)


def test_a_laptop_s_runs_cost_nothing_and_a_batch_without_a_price_is_null() -> None:
    own, unknown = account(OWN).final(Bill()), account(None).so_far(Spent())
    assert (own["provider"], own["usd"], own["gpu"]) == (THIS_MACHINE, 0.0, None)
    assert (unknown["usd"], unknown["usd_reason"]) == (None, "no price was recorded for this batch")


def test_processors_are_no_gpu() -> None:
    bill = Bill()
    bill.add([Usage(machine="x", gpu=PROCESSORS, seconds=10, counted_usd=0.0001)])
    told = account(CPU).final(bill)
    assert (told["gpu"], told["gpu_seconds"], told["run_seconds"]) == (None, None, 10)
    assert told["usd"] == pytest.approx(0.0001)


def test_while_a_batch_runs_its_counters_tell() -> None:
    runs = [usage(GPUS, machine=A100, seconds=10, most_seconds=5)]
    told = account(GPUS).so_far(spent(runs))
    assert (told["gpu"], told["gpu_seconds"], told["usd"]) == ("A100-40GB", 10, pytest.approx(0.01))
