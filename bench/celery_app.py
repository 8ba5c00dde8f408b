"""
The tasks of the comparison: they do nothing, in a chord with a body.

``python -m bench.celery_app JOBS TIMEOUT`` sends one and prints what it took, as JSON.
"""

import json
import os
import sys
import time
from typing import Any

from celery import Celery, chord

URL = os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/0")
WARM_UP = 20
app = Celery("bench", broker=URL, backend=URL)
app.conf.worker_prefetch_multiplier = 16


@app.task
def nothing(number: int) -> int:
    """A header task."""
    return number


@app.task
def body(numbers: list[int]) -> int:
    """What runs once all header tasks are done."""
    return len(numbers)


def time_chord(jobs: int, timeout: float) -> dict[str, Any]:
    """One chord on workers that are warm; RuntimeError if the body did not see every task."""
    _run(WARM_UP, timeout)
    began = time.monotonic()
    counted, sent = _run(jobs, timeout)
    seconds = time.monotonic() - began
    if counted != jobs:
        raise RuntimeError(f"the body saw {counted} of {jobs} tasks")
    return {"jobs": jobs, "seconds": seconds, "jobs_per_second": jobs / seconds, "send_seconds": sent - began}


def _run(jobs: int, timeout: float) -> tuple[int, float]:
    answer = chord((nothing.s(number) for number in range(jobs)), body.s())()
    sent = time.monotonic()
    return answer.get(timeout=timeout, interval=0.05), sent


if __name__ == "__main__":
    # By its name, as the tasks must have the names that the workers know.
    from bench import celery_app

    print(json.dumps(celery_app.time_chord(int(sys.argv[1]), float(sys.argv[2]))))
