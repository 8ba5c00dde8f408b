"""The same commands where no server runs: the same functions, in the command's own process."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.cli.program import Omtx, environment, hears_interrupts, spawn, submitted


def test_a_batch_is_submitted_read_and_finished_without_a_server(alone: Omtx, library: Path) -> None:
    batch = submitted(alone, library)
    assert alone("status", batch).json["status"] == "pending"
    assert alone("list").json["batches"][0]["batch_id"] == batch
    waiting = alone("watch", batch)
    assert waiting.code == 1
    assert "omtx up" in waiting.err

    first = alone("reconcile")
    assert first.code == 0, first.err
    # On a slow machine it may have waited so long that its messages count as lost, too.
    assert first.json["findings"][-1]["reason"] == "no server was running on this home"
    assert {found["batch_id"] for found in first.json["findings"]} == {batch}
    assert [found["status"] for found in first.json["batches"]] == ["completed"]
    assert alone("reconcile").json == {"findings": [], "batches": []}
    assert alone("verify", batch).code == 0
    assert alone("watch", batch).code == 0


def test_a_command_that_waits_runs_the_screen_itself(alone: Omtx, library: Path, tmp_path: Path) -> None:
    answer = alone("submit", library, "--model", "noop", "--wait")
    assert answer.code == 0, answer.err
    assert answer.json["accounting"]["completed"] == 3
    assert not (tmp_path / "home" / "runner.json").exists()


def test_a_note_that_a_crash_left_is_not_taken_for_a_server(alone: Omtx, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "runner.json").write_text(json.dumps({"pid": 1, "port": 1, "url": url}))
    assert alone("list").json["batches"] == []


def test_a_server_that_does_not_answer_is_one(alone: Omtx) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    answer = alone("list", OMTX_URL=url)
    assert answer.code == 1
    assert url in answer.err
    assert alone("list", OMTX_URL="nowhere").code == 1


def test_a_second_server_on_the_same_home_says_so(server_home: Path) -> None:
    answer = spawn(server_home, "up", "--port", "0")
    assert answer.code == 1
    assert "in use" in answer.err
    assert "Traceback" not in answer.err


def test_a_port_that_is_taken_is_named(alone: Omtx) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = alone("up", "--port", port)
    assert answer.code == 1
    assert str(port) in answer.err
    assert "Traceback" not in answer.err


def test_a_wrong_setting_is_one_sentence(alone: Omtx) -> None:
    answer = alone("list", OMTX_WORKERS="many")
    assert answer.code == 5
    assert "OMTX_WORKERS" in answer.err
    assert "Traceback" not in answer.err


def test_an_interrupted_wait_leaves_a_batch_that_can_be_finished(
    alone: Omtx, library: Path, tmp_path: Path
) -> None:
    slow = ("--model", "noop", "--param", "delay_seconds=2", "--wait")
    arguments = [sys.executable, "-m", "cli.main", "submit", str(library), *slow]
    with subprocess.Popen(
        arguments, env=environment(tmp_path / "home"), stderr=subprocess.PIPE, preexec_fn=hears_interrupts
    ) as waiting:
        assert waiting.stderr is not None
        assert b"accepted 3 of 3" in waiting.stderr.readline()
        waiting.send_signal(signal.SIGINT)
        said = waiting.stderr.read()
        assert waiting.wait(60) == 130
    assert b"lives on" in said
    assert b"Traceback" not in said
    assert alone("reconcile").json["batches"][0]["accounting"]["completed"] == 3
