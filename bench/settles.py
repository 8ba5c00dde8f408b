"""How many ligands a second the Firestore ledger settles on the emulator, by threads at once."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

from google.cloud.firestore import Client

from bench.aggregate import BEGAN, composed, settled
from bench.rehearsal import environment
from local.cloud.emulators import Emulator
from shared.adapters.gcp.ledger import FirestoreLedger
from shared.domain.lifecycle import first_round, tree_of
from shared.models.batch import Batch

THREADS = (1, 4, 16, 64)
JOBS = 1000


def run(emulator: Emulator) -> dict[str, Any]:
    """Settles per second, directly at the emulator; that each filled its tree is checked."""
    with environment(emulator.environment), closing(Client(project="bench-settles")) as client:
        return {f"{threads}_threads": _per_second(client, threads) for threads in THREADS}


def _per_second(client: Client, threads: int) -> float:
    ledger = FirestoreLedger(client, intents_age=timedelta(0))
    batch = composed(JOBS).model_copy(update={"batch_id": f"batch_settles_{threads}"})
    tree = tree_of(first_round(ledger.open(batch)))

    def settle(position: int) -> int:
        outcome = settled(batch.batch_id, position, files=False)
        return ledger.settle(batch.batch_id, tree.leaf_of(position), [outcome], now=BEGAN).created

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(settle, range(threads)))  # connections are made
        began = time.perf_counter()
        list(pool.map(settle, range(threads, JOBS)))
        seconds = time.perf_counter() - began
    _check(ledger, batch)
    return (JOBS - threads) / seconds


def _check(ledger: FirestoreLedger, batch: Batch) -> None:
    counted = sum(leaf.n for leaf in ledger.leaves(batch.batch_id, 0))
    if counted != JOBS:
        raise RuntimeError(f"{JOBS} ligands were settled, {counted} were counted")
