"""``omtx doctor``: on a sound home, on damaged ones, and with leftovers of killed processes."""

import json
import os
import socket
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from shared import wiring
from tests.cli.program import Omtx, submitted
from tests.support.msa_server import MsaServer

PACKAGES = ("vina", "meeko", "rdkit", "gemmi", "posebusters")


def told(omtx: Omtx, *arguments: object, code: int = 0) -> dict[str, dict[str, Any]]:
    """The checks by name."""
    answer = omtx("doctor", "--json", *arguments)
    assert answer.code == code, answer.out
    assert answer.json["ok"] == (code == 0)
    return {check["name"]: check for check in answer.json["checks"]}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of ``here``."""
    return tmp_path / "home"


def test_a_home_with_a_server_is_sound(omtx: Omtx, library: Path) -> None:
    submitted(omtx, library, "--wait")
    found = told(omtx)
    assert {check["level"] for check in found.values()} <= {"ok", "warn"}
    for name in ("python", "home", "disk", "sqlite", "state", "server", "clock", "secrets", "dead letters"):
        assert found[name]["level"] == "ok", found[name]
    assert all(found[f"package {name}"]["found"][0].isdigit() for name in PACKAGES)
    assert "process" in found["server"]["found"]


def test_an_empty_home_is_sound_and_stays_empty(here: Omtx, home: Path) -> None:
    assert told(here)["state"]["found"] == "no batch was submitted here yet"
    assert not home.exists()


def test_a_person_reads_a_line_for_each_check(here: Omtx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.commands.doctoring.wants_json", lambda asked: asked)
    lines = here("doctor").out.splitlines()
    assert len(lines) == 20
    assert lines[0].startswith("ok    python: Python 3.")


def test_batches_that_wait_for_a_server_are_named(here: Omtx, library: Path) -> None:
    batch = submitted(here, library)
    found = told(here)["batches"]
    assert (found["level"], batch in found["found"]) == ("warn", True)
    assert "omtx up" in found["remedy"]


def test_a_damaged_state_fails_and_nothing_else_breaks(here: Omtx, home: Path) -> None:
    home.mkdir()
    (home / "state.db").write_bytes(b"no database" * 1000)
    found = told(here, code=1)
    assert found["state"]["level"] == "FAIL"
    assert "backup" in found["state"]["remedy"]
    assert found["leftovers"]["level"] == "ok"


def test_a_lost_table_is_found(here: Omtx, library: Path, home: Path) -> None:
    submitted(here, library)
    wiring.local_database().write(lambda connection: connection.execute("DROP TABLE milestones").rowcount)
    assert "milestones.batch_id is missing" in told(here, code=1)["state"]["found"]


def test_the_state_of_a_newer_version_is_told_apart_from_damage(
    here: Omtx, library: Path, home: Path
) -> None:
    submitted(here, library)
    wiring.local_database().write(lambda connection: connection.execute("SELECT 1").rowcount)
    wiring.reset()
    _set_version(home, 999)
    assert "newer version" in told(here, code=1)["state"]["found"]


def _set_version(home: Path, version: int) -> None:
    connection = sqlite3.connect(home / "state.db")
    connection.execute(f"PRAGMA user_version={version}")
    connection.close()


def test_keys_that_others_can_read_fail(here: Omtx, library: Path, home: Path) -> None:
    submitted(here, library)
    wiring.secrets().keys("webhook")
    assert told(here)["secrets"]["level"] == "ok"
    (home / "secrets" / "webhook").chmod(0o644)
    found = told(here, code=1)["secrets"]
    assert str(home / "secrets" / "webhook") in found["found"]
    assert found["remedy"].startswith("chmod go-rwx")


def test_open_dead_letters_are_counted(here: Omtx) -> None:
    wiring.dead_letters().park("job-queued", b"{}", reason="Malformed")
    assert told(here)["dead letters"]["found"] == "1 open"


def test_a_note_that_a_crash_left_is_stale(here: Omtx, home: Path) -> None:
    home.mkdir()
    (home / "runner.json").write_text(json.dumps({"pid": 1, "url": "http://127.0.0.1:1"}))
    found = told(here)["server"]
    assert (found["level"], "a crash left" in found["found"]) == ("warn", True)


def test_a_taken_port_names_who_listens(here: Omtx, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("OMTX_PORT", str(other.getsockname()[1]))
        wiring.reset()
        found = told(here)["port"]
    assert found["level"] == "warn"
    assert f"process {os.getpid()}" in found["found"]
    assert told(here)["port"]["level"] == "ok"


def leave(home: Path, name: str, hours: float) -> Path:
    """Part of a file as old as that."""
    path = home / "objects" / "batches" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 1024)
    then = time.time() - 3600 * hours
    os.utime(path, (then, then))
    return path


def test_leftovers_are_reported_and_mended_but_neither_young_ones_nor_objects(here: Omtx, home: Path) -> None:
    old, young, kept = leave(home, ".part-a", 2), leave(home, ".part-b", 0.5), leave(home, "part-c", 9)
    assert told(here)["leftovers"]["found"].startswith("1 parts of files")
    assert old.exists()
    answer = here("doctor", "--mend")
    assert (answer.code, answer.json["mended"]) == (0, 1)
    assert (old.exists(), young.exists(), kept.exists()) == (False, True, True)
    assert told(here)["leftovers"]["found"] == "none"


def test_nothing_is_mended_while_a_server_runs(omtx: Omtx, server_home: Path) -> None:
    old = leave(server_home, ".part-a", 2)
    answer = omtx("doctor", "--mend")
    assert "nothing was mended" in answer.err
    assert old.exists()
    old.unlink()


def test_a_server_of_alignments_is_asked_whether_it_answers(
    here: Omtx, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(here)["alignments"]["found"].startswith("no server (OMTX_MSA_SERVER)")
    with MsaServer() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        wiring.reset()
        assert told(here)["alignments"]["found"] == f"{server.url} answers"
        server.login = "Basic other"
        found = told(here)["alignments"]
        assert (found["level"], found["found"]) == (
            "warn",
            f"{server.url} is of no use now: the server answered 401",
        )
    found = told(here)["alignments"]
    assert (found["level"], "ConnectError" in found["found"]) == ("warn", True)
