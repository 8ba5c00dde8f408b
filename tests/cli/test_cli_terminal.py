"""What a person at a terminal sees."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from tests.cli.program import Omtx, environment, submitted

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def at_terminal(home: Path, *arguments: object, code: int = 0) -> str:
    """What the command draws on a terminal of 120 columns, escape sequences and all."""
    ours, theirs = pty.openpty()
    env = environment(home) | {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    command = [sys.executable, "-m", "cli.main", *map(str, arguments)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        drawn = b"".join(iter(lambda: _read(ours), b""))
        assert process.wait(60) == code, drawn.decode()
    os.close(ours)
    return drawn.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side was closed
        return b""


def plain(drawn: str) -> str:
    return ESCAPES.sub("", drawn)


def test_a_person_gets_a_table(omtx: Omtx, library: Path, server_home: Path) -> None:
    batch = submitted(omtx, library, "--wait")
    drawn = plain(at_terminal(server_home, "results", batch))
    assert re.search(r"│ +1 │ ", drawn)
    assert "CC(=O)O" in drawn
    assert batch in plain(at_terminal(server_home, "list"))
    assert "completed" in plain(at_terminal(server_home, "status", batch))
    assert "kcal/mol" in plain(at_terminal(server_home, "models"))
    assert "exhaustiveness" in plain(at_terminal(server_home, "models", "vina"))


def test_a_terminal_is_not_sent_bytes(omtx: Omtx, library: Path, server_home: Path) -> None:
    batch = submitted(omtx, library, "--wait")
    drawn = plain(at_terminal(server_home, "results", batch, "--format", "parquet", code=5))
    assert "give --output FILE" in " ".join(drawn.split())
    assert "PAR1" not in drawn


def test_a_person_sees_the_progress(library: Path, server_home: Path) -> None:
    wait = ("--param", "delay_seconds=0.7", "--wait")
    drawn = plain(at_terminal(server_home, "submit", library, "--model", "noop", *wait))
    for said in ("3/3", "3 done · 0 failed", "running", "/min", "omtx results batch_"):
        assert said in drawn


def test_a_ligands_name_cannot_steer_the_terminal(omtx: Omtx, tmp_path: Path, server_home: Path) -> None:
    path = tmp_path / "hostile.csv"
    path.write_text("name,smiles\n\x1b]0;owned\x07[red]x[/red],[C@H](F)(Cl)Br\n")
    drawn = at_terminal(server_home, "results", submitted(omtx, path, "--wait"))
    assert "\x1b]0;" not in drawn
    assert "[red]x[/red]" in plain(drawn)
    assert "[C@H](F)(Cl)Br" in plain(drawn)
