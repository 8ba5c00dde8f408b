"""Options of the whole suite."""

import pytest

pytest_plugins = ["tests.support.emulators", "tests.support.control_plane", "tests.support.redis_server"]

SCHEDULES = 2000


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--schedules N`` for a soak, ``--seed S`` to replay one schedule."""
    parser.addoption("--schedules", type=int, default=SCHEDULES, help="how many random fault schedules")
    parser.addoption("--seed", type=int, default=None, help="replay the one fault schedule of this seed")
    parser.addoption("--first-seed", type=int, default=1, help="the seed of the first schedule")
