"""
``make bench BENCH_ARGS=api``: how many requests the API answers on a store of many batches, and how fast.

Server and load are a process each. *Closed*: each route by itself, by 8 clients. *Mixed*: virtual users as
they were promised (status 0.6, list 0.2, submit 0.1, results 0.1) at the promised 67 requests a second and at
five times that; once with the whole platform behind it, which computes what is submitted, and once with the
routes alone.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from bench.screens import peak_mib, server

BATCHES, JOBS, LARGE = 200, 1000, 100_000
PROMISED = 67
CLOSED = ("status", "list", "results", "ultra_fast")
PATHS = {"ultra_fast": "/api/v2/results/ultra-fast"}
Result = dict[str, Any]


def run(folder: Path, *, seconds: float = 8.0, accept: str = "gzip") -> Result:
    """Fill a home, then measure on it."""
    home = folder / "home"
    ids = _filled(home)
    every = [batch_id for those in ids.values() for batch_id in those]
    plan = {"ids": every, "accept": accept, "clients": 8, "seconds": seconds, "mixed_seconds": 2 * seconds}
    return {
        "batches": len(every),
        # First, as the routes alone leave behind what was submitted to them.
        "whole_platform": _measured(home, plan, "bench.server", closed=(), rates=(PROMISED,)),
        "routes_alone": _measured(home, plan, "bench.doors", closed=CLOSED, rates=(PROMISED, 5 * PROMISED)),
    }


def _filled(home: Path) -> dict[str, list[str]]:
    home.mkdir(parents=True)
    env = os.environ | {"OMTX_HOME": str(home), "OMTX_TEST_MODELS": "1", "OMTX_FSYNC": "0"}
    command = [sys.executable, "-m", "bench.api_store", *map(str, (BATCHES, JOBS, LARGE))]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    ids: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return ids


def _measured(
    home: Path, plan: Result, program: str, *, closed: tuple[str, ...], rates: tuple[float, ...]
) -> Result:
    with server(home, 2, program) as (client, pid):
        there = [kind for kind in closed if _answers(client, PATHS.get(kind))]
        began = _cpu(pid)
        asked = json.dumps({**plan, "closed": there, "rates": rates})
        load = [sys.executable, "-m", "bench.api_load", str(client.base_url)]
        done = subprocess.run(load, input=asked, stdout=subprocess.PIPE, text=True, check=True)
        answer: Result = json.loads(done.stdout)
        return {**answer, "cpu_seconds": _cpu(pid) - began, "peak_mib": max(map(peak_mib, _family(pid)))}


def _answers(client: httpx.Client, path: str | None) -> bool:
    """Whether this version has the route."""
    return path is None or client.get(path).status_code == 200


def _family(pid: int) -> list[int]:
    """A process and its children."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def _cpu(pid: int) -> float:
    """Processor seconds of a process and its children so far."""
    stats = (Path(f"/proc/{it}/stat").read_text().rpartition(")")[2].split() for it in _family(pid))
    return sum(int(it[11]) + int(it[12]) for it in stats) / os.sysconf("SC_CLK_TCK")
