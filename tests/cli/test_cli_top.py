"""``omtx top``: one frame for tests and programs, a live view for a terminal."""

import os
import pty
import signal
import subprocess
import sys
import termios
from pathlib import Path

from tests.cli.program import Omtx, environment, hears_interrupts, submitted


def test_a_frame_shows_a_running_screen_its_workers_and_its_queues(omtx: Omtx, library: Path) -> None:
    batch = submitted(omtx, library, delay_seconds=20)
    frame = omtx("top", "--once").out
    assert batch in frame.replace("\n", "")
    assert "dispatch-job-queued" in frame
    assert "workers: " in frame
    assert "dead letters: 0 open" in frame
    found = omtx("top", "--json").json
    assert [it["total_jobs"] for it in found["batches"] if it["batch_id"] == batch] == [3]
    assert found["engine"]["workers"] == 2
    omtx("cancel", batch)
    omtx("watch", batch)


def test_without_a_server_the_frame_says_that_nothing_moves(here: Omtx) -> None:
    frame = here("top", "--once").out
    assert "no server runs on this home" in frame
    assert "no batch is active" in frame


def test_a_pipe_gets_one_document(here: Omtx) -> None:
    assert set(here("top").json) == {
        *("timestamp", "batches", "has_more", "queues", "engine", "dead_letters"),
    }


def test_the_live_view_goes_on_until_it_is_interrupted(server_home: Path) -> None:
    ours, theirs = pty.openpty()
    env = environment(server_home) | {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    command = [sys.executable, "-m", "cli.main", "top"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, preexec_fn=hears_interrupts
    ) as process:
        os.close(theirs)
        drawn = b""
        while drawn.count(b"dead letters") < 2:  # two frames
            drawn += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    os.close(ours)
    assert b"omtx top" in drawn


def test_q_ends_the_live_view_and_gives_the_terminal_back(server_home: Path) -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(ours)
    env = environment(server_home) | {"TERM": "xterm-256color", "COLUMNS": "60", "LINES": "40"}
    command = [sys.executable, "-m", "cli.main", "top", "--interval", "20"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env) as process:
        drawn = b""
        while b"dead letters" not in drawn:
            drawn += os.read(ours, 65536)
        os.write(ours, b"xq")
        assert process.wait(10) == 0
    assert termios.tcgetattr(ours) == before
    os.close(theirs)
    os.close(ours)
