"""The command ``omtx migrate`` on a home of its own, in this process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import Omtx, in_process


@pytest.fixture
def omtx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Omtx]:
    """Runs a command in this process, on a home without a server."""
    monkeypatch.setenv("OMTX_FSYNC", "0")
    with in_process(tmp_path / "home", monkeypatch, capsys) as command:
        yield command
