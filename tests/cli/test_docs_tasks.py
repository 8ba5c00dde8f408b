"""The commands of ``docs/tasks.md`` are accepted as they stand, by an installation that has every model."""

import re
import shlex
from pathlib import Path

import pytest

from shared import wiring
from shared.catalogue.entry import known_models
from shared.catalogue.tasks.task import tasks
from tests.cli.program import Omtx
from tests.support.functions import ROOT
from tests.support.rfantibody import framework

COMMAND = re.compile(r"^\$ omtx (.*)$", re.MULTILINE)
COMMANDS = COMMAND.findall((ROOT / "docs" / "tasks.md").read_text())
ENGINE = {
    "OMTX_ENGINE": "modal",
    "MODAL_TOKEN_ID": "ak-x",
    "MODAL_TOKEN_SECRET": "as-x",
    "OMTX_MSA_SERVER": "https://msa.example.org",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_is_accepted(
    here: Omtx, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "my_framework.pdb").write_text(framework("H"))
    monkeypatch.chdir(tmp_path)
    for name, value in ENGINE.items():
        monkeypatch.setenv(name, value)
    wiring.reset()
    answer = here(*shlex.split(command), "--dry-run")
    assert answer.code == 0, answer.err
    document = answer.json
    assert document.get("valid", True)
    assert document.get("rejected", []) == []


def test_every_task_and_every_model_has_a_command() -> None:
    words = [word for command in COMMANDS for word in shlex.split(command)]
    assert set(tasks()) - set(words) == set()
    offered = {it.id for it in known_models() if it.offered and not it.test_model}
    assert offered - set(words) == {"vina"}  # what a screen of ligands runs on unless it is told otherwise
