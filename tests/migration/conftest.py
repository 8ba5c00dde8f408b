"""The command ``omtx migrate`` on a home of its own, in this process."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.main import run
from shared import wiring
from tests.cli.program import Answer, Omtx, environment


@pytest.fixture
def omtx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Omtx]:
    """Runs a command in this process, on a home without a server."""
    for name, value in (environment(tmp_path / "home") | {"OMTX_FSYNC": "0"}).items():
        monkeypatch.setenv(name, value)
    wiring.reset()
    handlers = list(logging.getLogger().handlers)

    def command(*arguments: object) -> Answer:
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    yield command
    for handler in logging.getLogger().handlers:
        handler.close()
    logging.getLogger().handlers[:] = handlers
    wiring.reset()
