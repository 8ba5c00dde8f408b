"""How many schedules, and homes without a disk behind them where the machine has some."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Faults are logged by the thousand; a failing schedule is replayed with the log on."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(before)


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty folder, in memory if possible."""
    memory = Path("/dev/shm")
    root = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    path = Path(tempfile.mkdtemp(prefix="omtx-", dir=root))
    yield path
    shutil.rmtree(path)
