"""
``python -m bench [NAME …]``: run benchmarks; JSON on stdout, a table on stderr.

What is compared is measured in the same run, as machines are noisy.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import aggregate, api, chord, docking, fairness, operations, screens, starts, submit

JOBS = 10_000
SMALL, LARGE = 2_000, 50_000
ROWS = 1_000_000
OUTCOMES = (100_000, 1_000_000)
Result = dict[str, Any]


def control_plane(folder: Path) -> Result:
    """The whole chain, durable at each step, against a chord that is not: goal at least 3 times."""
    ours = screens.run(JOBS, folder / "ours")
    theirs = chord.run(JOBS, folder / "chord")
    ratio = None if theirs is None else ours["jobs_per_second"] / theirs["jobs_per_second"]
    return {"ours": ours, "chord": theirs, "ratio": ratio, "goal": 3.0}


def growth(folder: Path) -> Result:
    """Time per job and memory of a large screen over those of a small one: goals 1.2 and 1.3."""
    small, large = (screens.run(jobs, folder / str(jobs)) for jobs in (SMALL, LARGE))
    return {
        "small": small,
        "large": large,
        "time_per_job_ratio": small["jobs_per_second"] / large["jobs_per_second"],
        "peak_ratio": large["peak_mib"] / small["peak_mib"],
    }


def aggregation(folder: Path) -> Result:
    """Time and memory of writing all artefacts: goal at most 512 MiB."""
    return {f"{count:,}": aggregate.run(count, folder / str(count)) for count in OUTCOMES}


def fair_shares(folder: Path) -> Result:
    """A screen of 10 behind one of 5,000, against the same alone."""
    os.environ["OMTX_TEST_MODELS"] = "1"
    return fairness.run(folder / "home", large=5_000, small=10, delay=0.02, workers=2)


BENCHMARKS: dict[str, Callable[[Path], Result | None]] = {
    "control_plane": control_plane,
    "growth": growth,
    "submit": lambda folder: submit.run(ROWS, folder),
    "aggregate": aggregation,
    "fairness": fair_shares,
    "docking": docking.run,
    "operations": operations.run,
    "starts": starts.run,
    "api": api.run,
}


def machine() -> Result:
    """What it ran on."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
    }


def main() -> None:
    """Run those that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], help="default: all")
    names = parser.parse_args().names or list(BENCHMARKS)
    answer: Result = {"machine": machine()}
    for name in names:
        folder = Path(tempfile.mkdtemp(prefix=f"bench-{name}-"))
        print(f"running {name}", file=sys.stderr)
        answer[name] = BENCHMARKS[name](folder)
        shutil.rmtree(folder)
        _show(name, answer[name] or {"skipped": "a program that it needs is not installed"})
    print(json.dumps(answer, indent=1))


def _show(name: str, result: Result) -> None:
    table = Table("figure", "value", title=name)
    for path, value in _flat(result):
        table.add_row(path, f"{value:,.3f}" if isinstance(value, float) else str(value))
    Console(stderr=True).print(table)


def _flat(result: Result, prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key, value in result.items():
        rows += _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [(f"{prefix}{key}", value)]
    return rows


if __name__ == "__main__":
    main()
