"""
``python -m bench.api_store``: fill a home with batches to read; their ids as JSON.

The facts are written straight through the ledger, as computing them is not what is measured; each full
batch is then aggregated by the real function. Some batches are half done, and paused, so that the runner
that serves them leaves them as they are.
"""

import argparse
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from functions_framework import create_app
from werkzeug.test import Client

from bench.aggregate import BEGAN, composed, library, settled
from shared import wiring
from shared.domain.identity import batch_id, digest
from shared.domain.lifecycle import first_round, tree_of
from shared.events.envelope import payload, push_body
from shared.events.messages import BatchFinished
from shared.models.batch import Batch
from shared.steps.manifest import store_of
from shared.topology import topology

OPEN_OF = 10
"""One batch in so many is half done."""


def batches(count: int, jobs: int) -> Iterator[Batch]:
    """Batches of ``jobs`` ligands, opened a minute after each other."""
    shape = composed(jobs)
    for number in range(count):
        found = batch_id("local", None, f"bench {jobs} {number}")
        yield shape.model_copy(
            update={
                "batch_id": found,
                "name": f"screen {number} of {jobs}",
                "store": store_of(found, digest("body")),
                "created_at": BEGAN + timedelta(minutes=number),
            }
        )


def fill(batch: Batch, *, whole: bool) -> None:
    """Open a batch, settle its ligands or the first half of each leaf's, and close or pause it."""
    ledger = wiring.ledger()
    library(wiring.blobs(), batch)
    ledger.open(batch)
    tree = tree_of(first_round(batch))
    for leaf in range(batch.leaves):
        positions = tree.positions(leaf)
        some = positions if whole else positions[: len(positions) // 2]
        outcomes = [settled(batch.batch_id, position, False) for position in some]
        ledger.settle(batch.batch_id, leaf, outcomes, now=BEGAN)
    if whole:
        ledger.close(batch.batch_id, 0, now=batch.created_at + timedelta(hours=1))
    else:
        ledger.intend(batch.batch_id, paused=True)


def aggregate(client: Client, batch: Batch) -> None:
    """Bring the function its message."""
    data = payload(BatchFinished(batch_id=batch.batch_id))
    body = push_body(data, message_id="1", published_at=BEGAN.isoformat(), subscription="bench", delivery=1)
    answer = client.post(f"/projects/omtx/topics/{BatchFinished.topic}", json=body)
    closing = wiring.ledger().closing(batch.batch_id, 0)
    if closing is None or closing.status != "completed":
        raise RuntimeError(f"aggregate answered {answer.status_code}, the batch is {closing}")


def main() -> None:
    """Fill the home of the settings."""
    parser = argparse.ArgumentParser(prog="python -m bench.api_store", description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("jobs", type=int)
    parser.add_argument("large", type=int)
    given = parser.parse_args()
    source = Path(__file__).resolve().parents[1] / "services" / "aggregate" / "main.py"
    client = Client(create_app(topology().functions["aggregate"].entry_point, str(source)))
    ids: dict[str, list[str]] = {"full": [], "open": [], "large": []}
    made = [(batch, number % OPEN_OF > 0) for number, batch in enumerate(batches(given.count, given.jobs))]
    for batch, whole in [*made, *((it, True) for it in batches(1, given.large))]:
        fill(batch, whole=whole)
        if whole:
            aggregate(client, batch)
        kind = "large" if batch.counts.jobs != given.jobs else "full" if whole else "open"
        ids[kind].append(batch.batch_id)
    wiring.reset()
    print(json.dumps(ids))


if __name__ == "__main__":
    main()
