"""The README's commands are run, in its order, as a reader would."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.main import INTERRUPTED, app

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"^```(?:console|bash|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every command of every fenced block; a line that ends with a backslash goes on."""
    text = "\n".join(BLOCK.findall(README)).replace("\\\n", " ")
    lines = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
    assert len(lines) == len([line for line in text.splitlines() if line.strip()]), "only commands in blocks"
    return lines


MAKE = [command.removeprefix("make ") for command in commands() if command.startswith("make ")]
OTHERS = [command for command in commands() if not command.startswith("make ")]


def test_setting_up_takes_exactly_two_commands() -> None:
    assert MAKE == ["demo", "test"]


@pytest.mark.parametrize("target", MAKE)
def test_the_set_up_commands_are_targets_that_make_can_follow(target: str) -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"make {target} " in shown
    subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, check=True)


@dataclass
class Reader:
    """Someone who types the commands one after the other, with a second terminal for the server."""

    folder: Path
    env: dict[str, str]
    servers: list[subprocess.Popen[str]] = field(default_factory=list)

    def type(self, command: str) -> None:
        """Run one command; it must succeed."""
        if command.startswith("BATCH="):
            assert "BATCH" in self.env, "nothing was submitted that could have printed an id"
        elif command == "omtx up":
            self._serve(command)
        else:
            self._run(command)

    def _run(self, command: str) -> None:
        answer = subprocess.run(
            ["bash", "-euc", command],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert answer.returncode == 0, f"{command}\n{answer.stdout}\n{answer.stderr}"
        if command.startswith("omtx submit ") and "--help" not in command:
            self.env["BATCH"] = json.loads(answer.stdout)["batch_id"]

    def _serve(self, command: str) -> None:
        server = subprocess.Popen(
            command.split(), cwd=self.folder, env=self.env, stdout=subprocess.PIPE, text=True
        )
        self.servers.append(server)
        assert server.stdout is not None
        assert "ready" in server.stdout.readline()

    def leave(self) -> None:
        """Ctrl-C in the terminal of the server, which ends well."""
        for server in self.servers:
            server.send_signal(signal.SIGINT)
            try:
                assert server.wait(120) == 0
            finally:
                server.kill()  # no harm to one that ended
                assert server.stdout is not None
                server.stdout.close()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """A reader in a folder that holds the examples, with no other state."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OMTX_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    someone = Reader(tmp_path, kept | {"PATH": path, "OMTX_PORT": "0", "NO_COLOR": "1"})
    yield someone
    someone.leave()


@pytest.mark.slow
def test_every_other_command_works_as_written(reader: Reader) -> None:
    for command in OTHERS:
        reader.type(command)
    assert len((reader.folder / "hits.csv").read_text().splitlines()) == 13


def test_every_command_of_the_program_is_named() -> None:
    names = {
        info.name or (info.callback.__name__ if info.callback else "") for info in app.registered_commands
    }
    names |= {group.name or "" for group in app.registered_groups}
    assert {"submit", "results", "dead-letters"} <= names
    for name in names - {"demo"}:
        assert re.search(rf"(omtx |`|, ){name}\b", README), name


def test_the_exit_codes_are_those_of_the_program() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    codes = {CommandError.code} | {kind.code for kind in CommandError.__subclasses__()}
    assert documented == codes | {0, INTERRUPTED}
