"""Running the program as its users do."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from shared import wiring

SETTINGS = {"OMTX_TEST_MODELS": "1", "OMTX_SQLITE_SYNCHRONOUS": "OFF"}
TABLE = "name,smiles,measured\nethanol,CCO,-1.5\nbenzene,c1ccccc1,-3.5\nacetic acid,CC(=O)O,-2\n"


@dataclass(frozen=True)
class Answer:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed for a program."""
        return json.loads(self.out)


Omtx = Callable[..., Answer]


def spawn(home: Path, *arguments: object, **env: str) -> Answer:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *map(str, arguments)],
        env=environment(home) | env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def hears_interrupts() -> None:
    """A shell has its background jobs ignore Ctrl-C, and so all that they start, these tests for one."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def serving(home: Path, *arguments: str) -> Iterator[str]:
    """``omtx up`` on this home, and where it is reached."""
    command = [sys.executable, "-m", "cli.main", "up", "--port", "0", "--workers", "2", "--home", str(home)]
    server = subprocess.Popen(
        [*command, *arguments], env=environment(home), stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    try:
        said = server.stdout.readline()
        assert "ready" in said
        yield said.split()[4].rstrip(",")
    finally:
        server.terminate()
        assert server.wait(30) == 0
        server.stdout.close()


def environment(home: Path) -> dict[str, str]:
    """The environment of a command on ``home``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OMTX_")}
    return kept | SETTINGS | {"OMTX_HOME": str(home)}


@contextmanager
def in_process(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Omtx]:
    """Runs commands on ``home`` in this process, which is afterwards as it was."""
    for name, value in environment(home).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OMTX_KEY_FILE", "")  # so that it is gone afterwards: `--key-file` sets it
    monkeypatch.delenv("OMTX_KEY_FILE")
    wiring.reset()
    handlers = list(logging.getLogger().handlers)

    def command(*arguments: object) -> Answer:
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    yield command
    for handler in set(logging.getLogger().handlers) - set(handlers):
        handler.close()
    logging.getLogger().handlers[:] = handlers
    wiring.reset()


def submitted(omtx: Omtx, library: Path, *options: object, **parameters: object) -> str:
    """The id of a screen with the test model."""
    given = [part for key, value in parameters.items() for part in ("--param", f"{key}={value}")]
    answer = omtx("submit", library, "--model", "noop", *given, *options)
    assert answer.code == 0, answer.err
    return str(answer.json["batch_id"])
