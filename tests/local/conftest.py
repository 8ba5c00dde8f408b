"""Short waits, so that what is healed by patience is healed within a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.running import QUICK, Running


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A runner with two workers on a new home."""
    with Running(tmp_path / "home") as running:
        yield running
