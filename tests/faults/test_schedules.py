"""
Random misfortune: messages lost, repeated, reordered and delayed past their leases; the process killed
and restarted; adapter calls failing before and after they took effect; other work in between.
"""

import shutil
from pathlib import Path

import pytest

from tests.faults.schedule import run_schedule

CHUNK = 25


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Chunks of seeds, so that they can be shared among processes."""
    option = metafunc.config.getoption
    if "seeds" not in metafunc.fixturenames:
        return
    if option("--seed") is not None:
        metafunc.parametrize("seeds", [range(option("--seed"), option("--seed") + 1)], ids=str)
        return
    first, last = option("--first-seed"), option("--first-seed") + option("--schedules")
    chunks = [range(start, min(start + CHUNK, last)) for start in range(first, last, CHUNK)]
    metafunc.parametrize("seeds", chunks, ids=[f"{chunk[0]}-{chunk[-1]}" for chunk in chunks])


@pytest.mark.faults
def test_every_schedule_ends_with_each_ligand_settled_exactly_once(seeds: range, home: Path) -> None:
    for seed in seeds:
        print(f"seed {seed}; replay with: pytest tests/faults --seed {seed}")
        run_schedule(seed, home / str(seed))
        shutil.rmtree(home / str(seed))
