"""The command line, against a real embedded server with the test model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import TABLE, Answer, Omtx, in_process, serving, spawn


@pytest.fixture(scope="session")
def server_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of a server that runs as long as the tests of this process."""
    home = tmp_path_factory.mktemp("server") / "home"
    with serving(home):
        yield home


@pytest.fixture
def omtx(
    server_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Omtx]:
    """Runs a command in this process; the server is another."""
    with in_process(server_home, monkeypatch, capsys) as command:
        yield command


@pytest.fixture
def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Omtx]:
    """Runs a command in this process, on an empty home without a server."""
    with in_process(tmp_path / "home", monkeypatch, capsys) as command:
        yield command


@pytest.fixture
def alone(tmp_path: Path) -> Omtx:
    """Runs a command in a process of its own, on a home without a server."""

    def command(*arguments: object, **env: str) -> Answer:
        return spawn(tmp_path / "home", *arguments, **env)

    return command


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Three ligands with a column of their own."""
    path = tmp_path / "library.csv"
    path.write_text(TABLE)
    return path
