"""Results of an earlier batch among misfortune: taken or computed, every ligand is settled exactly once."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.faults.schedule import run_schedule, run_strike
from tests.support.boundaries import Fault
from tests.support.orders import noop_order

SCHEDULES = 100


def knowing(order: dict[str, Any]) -> dict[str, Any]:
    """The same screen, which leaves files and takes what is known."""
    return order | {
        "use_cache": True,
        "parameters": order.get("parameters", {}) | {"payload_bytes": 64},
    }


@pytest.mark.faults
@pytest.mark.parametrize("fault", Fault)
def test_one_fault_at_any_boundary_of_a_known_ligand_costs_nothing_but_time(home: Path, fault: Fault) -> None:
    order = knowing(noop_order(1))
    met = run_strike(order, None, home / "calm", earlier=order)
    assert ("dispatch", "engine.spawn") not in met
    assert ("dispatch", "blobs.put") in met
    boundaries = [
        number for number, (where, _) in enumerate(met, start=1) if where in ("dispatch", "complete")
    ]
    assert len(boundaries) > 15
    for number in boundaries:
        run_strike(order, (number, fault), home / f"{number}", earlier=order)
        shutil.rmtree(home / f"{number}")


@pytest.mark.faults
@pytest.mark.parametrize("first", range(0, SCHEDULES, 25))
def test_every_schedule_among_known_ligands_ends_with_each_settled_once(home: Path, first: int) -> None:
    for seed in range(first, first + 25):
        print(f"seed {seed}")
        run_schedule(seed, home / str(seed), adapt=knowing, preceded=True)
        shutil.rmtree(home / str(seed))
