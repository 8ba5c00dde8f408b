"""
``python -m bench operations``: what a ligand costs at Google, counted on the emulators; JSON.

The same screen at two sizes shows that it grows by the ligand. Prices are those of Google's lists for
us-central1 (Firestore in the Standard edition) in USD, as of November 2026, without free tiers. What is
not in them: the GPU's time, the functions' processor time, and what people read through the API.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import settles
from bench.rehearsal import Rehearsal
from local.cloud.emulators import EmulatorMissing, firestore, pubsub
from local.cloud.storage import storage

TIB = 2**40
MILLION = 1_000_000
USD = {
    "firestore_reads": 0.03 / 100_000,
    "firestore_writes": 0.09 / 100_000,
    "firestore_deletes": 0.01 / 100_000,
    "pubsub_bytes": 40.0 / TIB,
    "objects_class_a": 5.00 / MILLION,
    "objects_class_b": 0.40 / MILLION,
    "function_requests": 0.40 / MILLION,
}
SIZES = (100, 1000)
Counts = dict[str, int]


def run(folder: Path, sizes: tuple[int, ...] = SIZES) -> dict[str, Any] | None:
    """Operations per ligand at each size, what a million cost, and settles per second; None: no emulator."""
    try:
        started = (firestore(folder / "firestore.log"), pubsub(folder / "pubsub.log"))
    except EmulatorMissing:
        return None
    with started[0] as database, started[1] as topics, storage(folder / "storage.log") as objects:
        emulators = {"firestore": database, "pubsub": topics, "storage": objects}
        answer: dict[str, Any] = {}
        for jobs in sizes:
            with Rehearsal(folder / str(jobs), f"bench-{jobs}", **emulators) as rehearsal:
                answer[f"{jobs:,}"] = told(jobs, counted(rehearsal, jobs))
        answer["settles_per_second"] = settles.run(database)
    return answer


def counted(rehearsal: Rehearsal, jobs: int) -> Counts:
    """What one screen asks for, from its submission to its last artefact."""
    before = rehearsal.objects()
    rehearsal.screen(jobs)
    after = rehearsal.objects()
    meter, postage = rehearsal.meter, rehearsal.postage
    return {
        "firestore_reads": meter.reads,
        "firestore_writes": meter.writes,
        "firestore_deletes": meter.deletes,
        "pubsub_messages": sum(postage.published.values()),
        "pubsub_bytes": postage.billed_bytes,
        "objects_class_a": after["class_a"] - before["class_a"],
        "objects_class_b": after["class_b"] - before["class_b"],
        "function_requests": rehearsal.requests,
    }


def told(jobs: int, counts: Counts) -> dict[str, Any]:
    """The counts by ligand, and what a million ligands would cost at that rate."""
    costs = {name: MILLION / jobs * counts[name] * price for name, price in USD.items()}
    return {
        "per_ligand": {name: count / jobs for name, count in counts.items()},
        "usd_per_million_ligands": {**costs, "together": sum(costs.values())},
    }


def growth(small: tuple[int, Mapping[str, int]], large: tuple[int, Mapping[str, int]]) -> dict[str, float]:
    """Operations for each further ligand, between screens of two sizes."""
    (few, less), (many, more) = small, large
    return {name: (more[name] - less[name]) / (many - few) for name in less}
