"""Screens of no-op jobs on a server of their own: submit, claim, spawn, webhook, settle, aggregate."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from bench.library import lines

POLL_SECONDS = 0.1
START_SECONDS = 60.0


def run(jobs: int, home: Path, *, workers: int = 2) -> dict[str, Any]:
    """
    One screen, from the first byte of its submission to the finished batch; every commit on disk.

    ``fan_in_seconds``: from the last ligand's outcome to the closed round; ``aggregate_seconds``: from
    there to the finished batch. ``peak_mib``: the largest resident size of the server process.
    """
    with server(home, workers) as (client, pid):
        began = time.monotonic()
        answer = client.post("/api/v3/batches/submit", json=_order(jobs))
        answer.raise_for_status()
        submitted = time.monotonic() - began
        status = finished(client, answer.json()["batch_id"])
        seconds = time.monotonic() - began
        verified = client.get(f"/api/v3/batches/{status['batch_id']}/verify", timeout=1200).json()
        peak = peak_mib(pid)
    _check(jobs, status, verified)
    closed, ended = (datetime.fromisoformat(status[name]) for name in ("updated_at", "finished_at"))
    return {
        "jobs": jobs,
        "workers": workers,
        "seconds": seconds,
        "jobs_per_second": jobs / seconds,
        "submit_seconds": submitted,
        "fan_in_seconds": (closed - _last_outcome(home, status["batch_id"])).total_seconds(),
        "aggregate_seconds": (ended - closed).total_seconds(),
        "peak_mib": peak,
        **json.loads((home / "timings.json").read_text()),
    }


def _check(jobs: int, status: dict[str, Any], verified: dict[str, Any]) -> None:
    if status["accounting"]["completed"] != jobs or not verified["ok"]:
        raise RuntimeError(f"{status['accounting_sentence']}; {verified['problems']}")


def _order(jobs: int) -> dict[str, Any]:
    return {
        "job_name": f"{jobs} no-op jobs",
        "protein_name": "none",
        "model_name": "noop",
        "library": {"format": "smi", "content": "".join(lines(jobs))},
    }


def finished(client: httpx.Client, batch_id: str) -> dict[str, Any]:
    path, params = f"/api/v3/batches/{batch_id}/status", {"page_size": 1}
    while True:
        status: dict[str, Any] = client.get(path, params=params).json()
        if status["finished_at"] is not None:
            return status
        time.sleep(POLL_SECONDS)


def _last_outcome(home: Path, batch_id: str) -> datetime:
    """When the last run ended: the ledger keeps every outcome."""
    from shared.adapters.local import schema
    from shared.adapters.local.database import Database

    rows = Database(home / "state.db", schema.STEPS).read(
        "SELECT max(json_extract(body, '$.finished_at')) AS at FROM outcomes WHERE batch_id = ?", (batch_id,)
    )
    return datetime.fromisoformat(rows[0]["at"])


@contextmanager
def server(home: Path, workers: int, program: str = "bench.server") -> Iterator[tuple[httpx.Client, int]]:
    """A server on a home: a client, and its process id."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "runner.json").unlink(missing_ok=True)
    given = {"OMTX_HOME": str(home), "OMTX_TEST_MODELS": "1", "OMTX_WORKERS": str(workers)}
    with (home / "server.log").open("w") as log:
        command = [sys.executable, "-m", program]
        process = subprocess.Popen(command, env=os.environ | given, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=_url(home), timeout=1200, trust_env=False) as client:
            yield client, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _url(home: Path) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if (home / "runner.json").exists():
            return str(json.loads((home / "runner.json").read_text())["url"])
        time.sleep(0.05)
    raise TimeoutError(f"the server did not start: {(home / 'server.log').read_text()[-500:]}")


def peak_mib(pid: int) -> float:
    """The largest resident size of a process so far."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
