"""
``python -m bench.aggregate N [--files]``: time and memory of ``aggregate`` on N settled outcomes; JSON.

The batch is written straight through the ledger and the object store, as computing it is not what is
measured; the function then runs behind its real entry point, in a process of its own, every object
on disk. With ``--files`` each ligand has left a result, so that each gets its ``metadata.json``.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

from functions_framework import create_app
from werkzeug.test import Client

from bench.library import smiles
from shared import wiring
from shared.adapters.local import schema
from shared.adapters.local.blobs import FolderBlobs
from shared.adapters.local.database import Database
from shared.adapters.local.ledger import SqliteLedger
from shared.domain.identity import batch_id, digest, job_id
from shared.domain.lifecycle import first_round, tree_of
from shared.domain.tree import leaf_count
from shared.events.envelope import payload, push_body
from shared.events.messages import BatchFinished
from shared.models.batch import Batch, Configuration, Counts, LibraryRow
from shared.models.facts import Outcome, OutcomeKind
from shared.models.work import Artefact, JobRef
from shared.ports.blobs import Blobs
from shared.steps.manifest import CHUNK, encode, jobs_key, store_of
from shared.topology import topology

WINDOW = 999
SEED = 7
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
LEFT, NO_DIGEST = "results.json", "0" * 64


def run(jobs: int, home: Path, *, files: bool = False) -> dict[str, Any]:
    """Fill a home, aggregate in a process of its own; what it took, and what was written."""
    fill = [sys.executable, "-m", "bench.aggregate", str(jobs), "--fill", str(home)]
    batch_id = _told([*fill, *(["--files"] if files else [])], home)["batch_id"]
    answer = _told([sys.executable, "-m", "bench.aggregate", str(jobs), "--aggregate", batch_id], home)
    written = [path for path in (home / "objects").rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in written)
    return {"outcomes": jobs, **answer, "objects": len(written), "written_mib": size / 2**20}


def _told(command: list[str], home: Path) -> dict[str, Any]:
    env = os.environ | {"OMTX_HOME": str(home), "OMTX_TEST_MODELS": "1"}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def fill(jobs: int, home: Path, *, files: bool) -> str:
    """Write a full batch that is closed and not yet aggregated; its id."""
    blobs: Blobs = FolderBlobs(home / "objects", base_url="", keys=list, fsync=False)
    database = Database(home / "state.db", schema.STEPS, fsync=False)
    ledger, batch = SqliteLedger(database), composed(jobs)
    library(blobs, batch)
    ledger.open(batch)
    tree = tree_of(first_round(batch))
    for leaf in range(batch.leaves):
        outcomes = [settled(batch.batch_id, position, files) for position in tree.positions(leaf)]
        ledger.settle(batch.batch_id, leaf, outcomes, now=BEGAN)
    ledger.close(batch.batch_id, 0, now=BEGAN + timedelta(hours=1))
    database.close()
    return batch.batch_id


def library(blobs: Blobs, batch: Batch) -> None:
    """Store the molecules of a batch."""
    jobs = range(batch.counts.jobs)
    for chunk in range(-(-len(jobs) // CHUNK)):
        rows = [_row(position) for position in jobs[chunk * CHUNK : (chunk + 1) * CHUNK]]
        blobs.put(jobs_key(batch.store, chunk), encode(rows))


def composed(jobs: int) -> Batch:
    found, body = batch_id("local", None, f"bench {jobs}"), digest("body")
    return Batch(
        batch_id=found,
        owner="local",
        name=f"aggregate {jobs}",
        model="noop",
        model_version="1",
        task_type="batch_protein_ligand_screening",
        protein_name="T4 lysozyme",
        target_digest=digest("target"),
        library_digest=digest("library"),
        parameters={},
        seed=SEED,
        counts=Counts(submitted=jobs, valid=jobs),
        leaves=leaf_count(jobs, WINDOW),
        window=WINDOW,
        configuration=Configuration(),
        fingerprint=body,
        store=store_of(found, body),
        test_model=True,
        created_at=BEGAN,
    )


def _row(position: int) -> LibraryRow:
    text = smiles(position)
    return LibraryRow(
        position=position,
        index=position,
        line=position + 1,
        name=f"molecule-{position}",
        smiles=text,
        canonical_smiles=text,
        heavy_atoms=12,
    )


def settled(batch_id: str, position: int, files: bool) -> Outcome:
    job, chance = job_id(batch_id, position), random.Random(position)
    key = f"batches/{batch_id}/jobs/{job}/{LEFT}"
    return Outcome(
        ref=JobRef(batch_id=batch_id, job_id=job, position=position),
        kind=OutcomeKind.COMPLETED,
        metrics={"affinity": round(chance.uniform(-10, 0), 3)},
        artefacts=(Artefact(name=LEFT, key=key, size=2, sha256=NO_DIGEST),) if files else (),
        seed=chance.randrange(1, 2**31),
        versions={"noop": "1"},
        test_model=True,
        call_id=f"call_{chance.getrandbits(96):024x}",
        started_at=BEGAN,
        finished_at=BEGAN + timedelta(seconds=2 + position % 7),
    )


def aggregate(batch_id: str) -> Iterator[tuple[str, Any]]:
    """Bring the function its message; what it took, and whether the batch is finished."""

    source = Path(__file__).resolve().parents[1] / "services" / "aggregate" / "main.py"
    client = Client(create_app(topology().functions["aggregate"].entry_point, str(source)))
    data = payload(BatchFinished(batch_id=batch_id))
    body = push_body(data, message_id="1", published_at=BEGAN.isoformat(), subscription="bench", delivery=1)
    began, used = time.perf_counter(), time.process_time()
    answer = client.post(f"/projects/omtx/topics/{BatchFinished.topic}", json=body)
    yield "seconds", time.perf_counter() - began
    yield "cpu_seconds", time.process_time() - used
    yield "peak_mib", getrusage(RUSAGE_SELF).ru_maxrss / 1024
    closing = wiring.ledger().closing(batch_id, 0)
    if answer.status_code >= 300 or closing is None or closing.status != "completed":
        raise RuntimeError(f"aggregate answered {answer.status_code}, the batch is {closing}")
    wiring.reset()


def main() -> None:
    """Measure, or be one of the two processes that this takes."""
    parser = argparse.ArgumentParser(prog="python -m bench.aggregate", description=__doc__)
    parser.add_argument("jobs", type=int, metavar="N")
    parser.add_argument("--files", action="store_true", help="every ligand left a result")
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--aggregate", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.fill:
        print(json.dumps({"batch_id": fill(given.jobs, given.fill, files=given.files)}))
    elif given.aggregate:
        print(json.dumps(dict(aggregate(given.aggregate))))
    else:
        home = Path(tempfile.mkdtemp(prefix="bench-aggregate-"))
        try:
            print(json.dumps(run(given.jobs, home, files=given.files), indent=1))
        finally:
            shutil.rmtree(home)


if __name__ == "__main__":
    main()
