"""The same fan-out and fan-in as a Celery chord of no-op tasks, on a Redis of its own."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 900.0
START_SECONDS = 60.0
STOP_SECONDS = 20.0


def run(jobs: int, folder: Path, *, workers: int = 2) -> dict[str, Any] | None:
    """
    The time of one chord, from its sending to the answer of its body; None without redis-server.

    It is sent by a process that ends before its Redis does: Celery's results, forgotten after that,
    look for it for minutes.
    """
    if shutil.which("redis-server") is None:
        return None
    folder.mkdir(parents=True)
    with _redis(folder) as url, _worker(folder, url, workers):
        answer: dict[str, Any] = json.loads(_sent(url, jobs))
    return answer | {"workers": workers}


def _sent(url: str, jobs: int) -> bytes:
    command = [sys.executable, "-m", "bench.celery_app", str(jobs), str(TIMEOUT_SECONDS)]
    environment = os.environ | {"BENCH_REDIS": url}
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    """Redis as Debian starts it, without durability: nothing of the chord is on disk."""
    port = _free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with (folder / "redis.log").open("w") as log, _ended(subprocess.Popen(command, stdout=log)):
        _wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _worker(folder: Path, url: str, processes: int) -> Iterator[None]:
    command = [sys.executable, "-m", "celery", "-A", "bench.celery_app", "worker", "-P", "prefork"]
    command += ["-c", str(processes), "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    environment = os.environ | {"BENCH_REDIS": url}
    with (folder / "celery.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    with _ended(process):
        yield


@contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("Redis did not start")
