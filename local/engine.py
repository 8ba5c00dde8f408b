"""
The engine of one machine: the process pool, as the settings of this process want it.

``python -m local.engine`` runs it alone, for functions that are other processes: they reach it through
the table of calls in the state file. It says ``ready`` once it works.
"""

import logging
import os
import signal
import sys
import threading
from pathlib import Path

from local.foreign import Own
from local.gpus import NoGpu, NoPython, gpus
from local.pool import Pool
from shared import wiring
from shared.settings import settings


def own_workers() -> list[Own]:
    """
    A worker on each GPU for each model that has a Python of its own, of those that can run here.

    Raises:
        NoGpu: this machine has none, and its engine is to be one.
        NoPython: a model's Python is not there.
    """
    pythons, on_gpu = settings().pythons, settings().engine == "local-gpu"
    if not pythons and not on_gpu:
        return []
    found: list[str | None] = [*gpus()]
    for model, python in sorted(pythons.items()):
        if not os.access(python, os.X_OK):
            raise NoPython(f"OMTX_PYTHON_{model.upper()} names {python}, which cannot be run")
    if on_gpu and not found:
        raise NoGpu("OMTX_ENGINE is local-gpu, and nvidia-smi shows no GPU on this machine")
    return [Own(model, python, gpu) for model, python in sorted(pythons.items()) for gpu in found or [None]]


def engine(logs: Path, cores: frozenset[int] = frozenset()) -> Pool:
    """The pool, not started; its workers run on ``cores`` (none given: all)."""
    return Pool(
        wiring.local_calls(),
        size=settings().workers,
        logs=logs,
        cores=cores,
        key=wiring.secrets().keys("webhook")[0],
        base_url=settings().base_url,
        most_run_seconds=settings().most_run_seconds,
        own=own_workers(),
    )


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    logs = settings().home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    pool = engine(logs)
    pool.start()
    print("ready", flush=True)
    asked.wait()
    pool.stop()
    wiring.reset()
    return 0


if __name__ == "__main__":
    sys.exit(main())
