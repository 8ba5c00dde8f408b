"""One fault at every boundary between the functions and the world, one at a time."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.faults.schedule import run_strike
from tests.support.boundaries import Fault
from tests.support.orders import noop_order

NARROW = noop_order(3, invalid=1, parameters={"payload_bytes": 64}, configuration={"max_concurrent_jobs": 2})
WIDE = noop_order(3, parameters={"failure_rate": 0.3})
ORDERS = {"narrow window": NARROW, "wide window": WIDE}
PARTS = 6


@cache
def calm_boundaries(name: str, *, reconciling: bool = True) -> list[tuple[str, str]]:
    """The boundaries of the order's calm run, in order."""
    with TemporaryDirectory() as folder:
        return run_strike(ORDERS[name], None, Path(folder), reconciling=reconciling)


def strike_all(
    order: dict[str, Any], numbers: list[int], faults: list[Fault], home: Path, **how: Any
) -> None:
    """Run the order once per boundary and fault."""
    for number in numbers:
        for fault in faults:
            print(f"{fault.name} at boundary {number}")
            run_strike(order, (number, fault), home / "one", **how)
            shutil.rmtree(home / "one")


@pytest.mark.faults
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", ORDERS)
def test_a_fault_at_any_boundary_changes_nothing_but_the_time_it_takes(
    name: str, part: int, home: Path
) -> None:
    boundaries = calm_boundaries(name)
    assert len(boundaries) > 40
    numbers = list(range(1, len(boundaries) + 1))[part::PARTS]
    strike_all(ORDERS[name], numbers, list(Fault), home)


@pytest.mark.faults
def test_redelivery_alone_finishes_what_a_killed_completion_left_undone(home: Path) -> None:
    numbers = completions("wide window")
    assert numbers
    strike_all(WIDE, numbers, [Fault.KILL_BEFORE, Fault.KILL_AFTER], home, reconciling=False)


def completions(name: str) -> list[int]:
    """The boundaries that ``complete`` meets in a calm run without ``reconcile``, by number."""
    boundaries = calm_boundaries(name, reconciling=False)
    return [number for number, (where, _) in enumerate(boundaries, 1) if where == "complete"]
