"""
What it takes to start a function: time until it answers, and memory, each from its own archive.

As deployed: functions-framework with one worker, on the cloud backend. The emulators stand in for Google's
services, and this interpreter for Cloud Run's; what that needs to fetch and start a container comes on top.
"""

import os
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from local.cloud.emulators import Emulator, EmulatorMissing, firestore, pubsub
from local.cloud.functions import FunctionProcess
from local.cloud.storage import storage
from shared.topology import topology

TIMES = 3
BUCKET = "omtx-bench"
KIB_PER_MIB = 1024
LOOK_SECONDS, MOST_SECONDS = 0.01, 60.0


def run(folder: Path) -> dict[str, Any] | None:
    """Each function, one after the other; None without emulators."""
    try:
        started = (firestore(folder / "firestore.log"), pubsub(folder / "pubsub.log"))
    except EmulatorMissing:
        return None
    with started[0], started[1], storage(folder / "storage.log", bucket=BUCKET) as objects:
        environment = settings(folder, (*started, objects))
        return {name: measured(name, folder / name, environment) for name in topology().functions}


def settings(folder: Path, emulators: tuple[Emulator, ...]) -> dict[str, str]:
    """What a function is told."""
    found = {name: value for emulator in emulators for name, value in emulator.environment.items()}
    return found | {
        "OMTX_BACKEND": "gcp",
        "OMTX_PROJECT": BUCKET,
        "OMTX_BUCKET": BUCKET,
        "OMTX_PUBLIC_URL": "http://127.0.0.1:1",
        "OMTX_HOME": str(folder / "home"),
        "OMTX_SECRETS": "folder",
        "OMTX_PUSH_UNSIGNED": "1",
        "OMTX_WITHOUT_KEYS": "1",
    }


def measured(name: str, folder: Path, environment: Mapping[str, str]) -> dict[str, float]:
    """The median of some starts: until it answers at all, until it has opened what it needs, and memory."""
    found = [_start(name, folder / str(number), environment) for number in range(TIMES)]
    return {
        **{figure: statistics.median(it[figure] for it in found) for figure in found[0]},
        "memory_limit_mib": topology().functions[name].memory_mb,
    }


def _start(name: str, folder: Path, environment: Mapping[str, str]) -> dict[str, float]:
    function = FunctionProcess(name, folder=folder, log=folder.with_suffix(".log"), environment=environment)
    try:
        began = time.monotonic()
        function.launch()
        _await(f"{function.url}/health/live")
        answers = time.monotonic() - began
        function.wait()
        ready = time.monotonic() - began
        return {"answers_seconds": answers, "ready_seconds": ready, "memory_mib": memory_mib(function.pid)}
    finally:
        function.stop()


def _await(url: str) -> None:
    end = time.monotonic() + MOST_SECONDS
    while time.monotonic() < end:
        with suppress(httpx.TransportError):
            if httpx.get(url, timeout=5, trust_env=False).is_success:
                return
        time.sleep(LOOK_SECONDS)
    raise TimeoutError(f"{url} does not answer")


def memory_mib(group: int) -> float:
    """
    What the processes of a group take: what is each one's own, and once what they share.

    They share libraries, with others on this machine too, which must not make them smaller.
    """
    found = [_kib(pid) for pid in _members(group)]
    return (sum(own for own, _ in found) + max(shared for _, shared in found)) / KIB_PER_MIB


def _members(group: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        with suppress(ValueError, ProcessLookupError):
            if os.getpgid(int(entry.name)) == group:
                yield int(entry.name)


def _kib(pid: int) -> tuple[int, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    found = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
    own = found["Private_Clean"] + found["Private_Dirty"]
    return own, found["Rss"] - own
