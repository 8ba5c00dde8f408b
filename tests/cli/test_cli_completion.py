"""Completion, asked for as the shells do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import Omtx, environment, submitted

PROGRAM = Path(sys.executable).parent / "omtx"


def completed(home: Path, line: str, shell: str = "bash", **env: str) -> tuple[str, str]:
    """What the program answers to a shell that completes the last word of a line, and what it says."""
    asked = {
        "_OMTX_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = subprocess.run(
        [PROGRAM], env=environment(home) | asked | env, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip(), done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_its_script(tmp_path: Path, shell: str) -> None:
    env = environment(tmp_path) | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = subprocess.run(
        [PROGRAM, "--show-completion", shell], env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert "_OMTX_COMPLETE" in done.stdout


def test_completion_can_be_installed(tmp_path: Path) -> None:
    env = environment(tmp_path) | {
        "HOME": str(tmp_path),
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    done = subprocess.run(
        [PROGRAM, "--install-completion", "bash"], env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert "omtx" in (tmp_path / ".bashrc").read_text()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_commands_are_completed(tmp_path: Path, shell: str) -> None:
    said = completed(tmp_path / "home", "omtx dead", shell)[0]
    assert "dead-letters" in said
    assert "verify" not in said


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("command", ["status", "watch", "results", "cancel"])
def test_ids_of_recent_batches_are_completed_without_a_server(
    here: Omtx, library: Path, tmp_path: Path, shell: str, command: str
) -> None:
    batch = submitted(here, library)
    assert batch in completed(tmp_path / "home", f"omtx {command} batch_", shell)[0]
    assert batch not in completed(tmp_path / "home", f"omtx {command} other", shell)[0]


@pytest.mark.parametrize("command", ["predict", "tasks", "submit --task"])
def test_tasks_are_completed(tmp_path: Path, command: str) -> None:
    assert "variant_comparison" in completed(tmp_path / "home", f"omtx {command} vari")[0]
    assert "variant_comparison" not in completed(tmp_path / "home", f"omtx {command} nano")[0]


@pytest.mark.parametrize("command", ["models", "predict protein_structure --model", "submit --model"])
def test_models_are_completed(tmp_path: Path, command: str) -> None:
    assert completed(tmp_path / "home", f"omtx {command} chai") == ("chai1", "")


def test_a_server_elsewhere_is_asked(omtx: Omtx, library: Path, server_home: Path, tmp_path: Path) -> None:
    batch = submitted(omtx, library, "--wait")
    url = (server_home / "runner.json").read_text().split('"url": "')[1].split('"')[0]
    assert batch in completed(tmp_path / "home", "omtx status ", OMTX_URL=url)[0]


@pytest.mark.parametrize("env", [{}, {"OMTX_URL": "http://127.0.0.1:9"}, {"OMTX_URL": "no address"}])
def test_where_nothing_answers_completion_says_nothing(tmp_path: Path, env: dict[str, str]) -> None:
    assert completed(tmp_path / "home", "omtx status ", **env) == ("", "")
    assert not os.path.exists(tmp_path / "home")


def test_a_damaged_home_is_no_message_for_a_shell(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "state.db").write_bytes(b"no database" * 1000)
    assert completed(tmp_path / "home", "omtx status ") == ("", "")
