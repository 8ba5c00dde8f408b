"""
How long a small screen takes behind a large one, on one embedded runner; prints JSON.

``python -m bench.fairness --large 100000 --small 10 --delay 0.005``
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from bench.library import lines
from local.runner import Runner

POLL_SECONDS = 0.05


def run(home: Path, *, large: int, small: int, delay: float, workers: int) -> dict[str, Any]:
    """The small screen alone, then behind a large one of which some ligands are done."""
    with Runner(home, port=0, workers=workers) as runner:
        client = httpx.Client(base_url=runner.url, timeout=1800, trust_env=False)
        _finish(client, _submit(client, small, delay), small)  # workers are up, models loaded
        alone = _timed(client, small, delay)
        before_all = time.monotonic()
        big = _submit(client, large, delay)
        submit_seconds = time.monotonic() - before_all
        _finish(client, big, min(200, large // 2))
        before = _completed(client, big)
        behind = _timed(client, small, delay)
        after = _completed(client, big)
    return {
        "large": large,
        "small": small,
        "delay_seconds": delay,
        "workers": workers,
        "large_submit_seconds": round(submit_seconds, 2),
        "alone_seconds": round(alone, 3),
        "behind_seconds": round(behind, 3),
        "ratio": round(behind / alone, 2),
        "large_completed_before": before,
        "large_completed_meanwhile": after - before,
    }


def _timed(client: httpx.Client, jobs: int, delay: float) -> float:
    began = time.monotonic()
    _finish(client, _submit(client, jobs, delay), jobs)
    return time.monotonic() - began


def _submit(client: httpx.Client, jobs: int, delay: float) -> str:
    order = {
        "job_name": f"{jobs} no-op jobs",
        "protein_name": "none",
        "model_name": "noop",
        "parameters": {"delay_seconds": delay},
        "library": {"format": "smi", "content": "".join(lines(jobs))},
    }
    answer = client.post("/api/v3/batches/submit", json=order)
    answer.raise_for_status()
    return str(answer.json()["batch_id"])


def _completed(client: httpx.Client, batch_id: str) -> int:
    status = client.get(f"/api/v3/batches/{batch_id}/status", params={"page_size": 1}).json()
    return int(status["accounting"]["completed"])


def _finish(client: httpx.Client, batch_id: str, count: int) -> None:
    while _completed(client, batch_id) < count:
        time.sleep(POLL_SECONDS)


def main() -> None:
    """Measure on a home that is thrown away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--small", type=int, default=10)
    parser.add_argument("--delay", type=float, default=0.005)
    parser.add_argument("--workers", type=int, default=2)
    given = vars(parser.parse_args())
    os.environ["OMTX_TEST_MODELS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(Path(folder), **given), indent=2))


if __name__ == "__main__":
    main()
