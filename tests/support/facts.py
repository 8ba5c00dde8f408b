"""Facts of small batches, made without the chain: every id is new, so that tests can share a backend."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from shared.domain.identity import digest, job_id
from shared.domain.tree import leaf_count
from shared.models.batch import Batch, Configuration, Counts
from shared.models.facts import Outcome, OutcomeKind
from shared.models.work import Envelope, Failure, FailureClass, JobRef, WorkOrder
from tests.support.world import NOON

SECOND = timedelta(seconds=1)
LOST = Failure(kind=FailureClass.INFRASTRUCTURE, message="the worker is gone")
WRONG = Failure(kind=FailureClass.MODEL_ERROR, message="no pose was found")


def at(seconds: float) -> datetime:
    """That many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def a_batch(jobs: int = 3, *, leaves: int | None = None, window: int | None = None, **changes: Any) -> Batch:
    """A batch that nobody submitted."""
    window = jobs if window is None else window
    fields: dict[str, Any] = {
        "batch_id": f"batch_{uuid4().hex[:24]}",
        "owner": "ada",
        "name": "a screen",
        "model": "noop",
        "model_version": "1",
        "task_type": "batch_protein_ligand_screening",
        "protein_name": "T4 lysozyme",
        "target_digest": digest("target"),
        "library_digest": digest("library"),
        "parameters": {},
        "seed": 42,
        "counts": Counts(submitted=jobs, valid=jobs),
        "leaves": leaf_count(jobs, window) if leaves is None else leaves,
        "window": window,
        "configuration": Configuration(),
        "fingerprint": digest("body"),
        "store": "batches/x/submitted/y",
        "created_at": NOON,
    }
    return Batch(**fields | changes)


def ref(batch: Batch, position: int = 0, attempt: int = 1) -> JobRef:
    """The reference of one attempt at the ligand at ``position``."""
    job = job_id(batch.batch_id, position)
    return JobRef(batch_id=batch.batch_id, job_id=job, position=position, attempt=attempt)


def outcome(batch: Batch, position: int = 0, kind: str = "completed", **changes: Any) -> Outcome:
    """The terminal fact of the ligand at ``position``."""
    failure = WRONG if kind == "failed" else None
    fields: dict[str, Any] = {
        "ref": ref(batch, position),
        "kind": OutcomeKind(kind),
        "failure": failure,
        "finished_at": NOON,
    }
    return Outcome(**fields | changes)


def envelope(of: JobRef, failure: Failure | None = None, **changes: Any) -> Envelope:
    """The answer of one run, which took two seconds."""
    fields: dict[str, Any] = {
        "ref": of,
        "status": "succeeded" if failure is None else "failed",
        "failure": failure,
        "started_at": NOON,
        "finished_at": at(2),
    }
    return Envelope(**fields | changes)


def work_order(of: JobRef) -> WorkOrder:
    """The order of one run of the test model."""
    return WorkOrder(
        ref=of,
        model="noop",
        task_type="batch_protein_ligand_screening",
        parameters={},
        seed=1,
        search_seed=2,
        ligand_name="ethanol",
        smiles="CCO",
        protein_name="T4 lysozyme",
        webhook_url="http://127.0.0.1:1/api/v3/webhooks/engine",
        timeout_seconds=5,
    )
