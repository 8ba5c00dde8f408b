"""Options of the whole suite, and what a process of it gives back."""

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

pytest_plugins = ["tests.support.emulators", "tests.support.control_plane", "tests.support.redis_server"]

SCHEDULES = 2000

# How long an example takes says something of the machine, and nothing of the code.
settings.register_profile("omtx", deadline=None)
settings.load_profile("omtx")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--schedules N`` for a soak, ``--seed S`` to replay one schedule."""
    parser.addoption("--schedules", type=int, default=SCHEDULES, help="how many random fault schedules")
    parser.addoption("--seed", type=int, default=None, help="replay the one fault schedule of this seed")
    parser.addoption("--first-seed", type=int, default=1, help="the seed of the first schedule")


@pytest.fixture(scope="module", autouse=True)
def _maps_are_given_back() -> Iterator[None]:
    """Docking keeps up to 1.6 GB of maps for the next ligand, and there is none after its tests."""
    yield
    if (docking := sys.modules.get("modal_gpu.predictors.vina.dock")) is not None:
        docking.MAPS.clear()
