"""From a plan to the records of a batch: pure, so that a second run writes the same."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from migration.deciding import MODEL, Job, Plan
from migration.spelling import OldStatus
from modal_gpu.results import FIELDS
from shared.catalogue.entry import ModelEntry
from shared.domain.identity import digest, job_id
from shared.domain.tree import leaf_count
from shared.models.batch import Batch, Configuration, Counts, LibraryRow
from shared.models.facts import Outcome, OutcomeKind
from shared.models.work import Artefact, JobRef
from shared.steps.manifest import store_of

LONGEST_NAME = 100
UNNAMED = "unnamed"


@dataclass(frozen=True)
class Importer:
    """Whose the batches become, and which program imports them."""

    owner: str
    version: str


def batch_id(owner: str, source_id: str) -> str:
    """The id of an imported batch; no idempotency key of a submission can give the same."""
    return f"batch_{digest(['imported', owner, source_id])[:24]}"


def fingerprint(plan: Plan) -> str:
    """The digest of the library as it is planned, ids of the source included."""
    return digest([[job.record.id, job.row.model_dump(mode="json")] for job in plan.jobs])


def compose_batch(plan: Plan, importer: Importer, library_digest: str, *, now: datetime) -> Batch:
    """The batch; ``now`` stands for its beginning only where no document says when that was."""
    first = plan.valid[0].record
    parent = plan.group.parent[1] if plan.group.parent else None
    id, valid, print = batch_id(importer.owner, plan.group.id), len(plan.valid), fingerprint(plan)
    told = [record for record in (parent, *(job.record for job in plan.jobs)) if record is not None]
    sequence = next((record.sequence for record in told if record.sequence is not None), None)
    flags = {name: _first(told, name) for name in ("use_msa", "use_potentials")}
    begun = [record.created_at for record in told if record.created_at is not None]
    return Batch(
        batch_id=id,
        owner=importer.owner,
        name=_name(plan)[:LONGEST_NAME],
        model=MODEL,
        model_version="unknown",
        task_type="batch_protein_ligand_screening" if parent else (first.task or "protein_ligand_binding"),
        protein_name=_first(told, "protein_name") or UNNAMED,
        protein_sequence=sequence,
        target_digest=digest({"sequence": sequence}),
        library_digest=library_digest,
        parameters={name: value for name, value in flags.items() if value is not None},
        notes={"import": "computed by an older system; its seed, version and configuration are not known"},
        seed=None,
        counts=Counts(submitted=len(plan.jobs), valid=valid, invalid=len(plan.rejected)),
        leaves=leaf_count(valid, valid),
        window=valid,
        configuration=Configuration(),
        metadata={"migrated_from": _provenance(plan, importer)},
        fingerprint=print,
        store=store_of(id, print),
        imported=True,
        created_at=min(begun) if begun else now,
    )


def _name(plan: Plan) -> str:
    """What the parent is called, or the only job; a batch whose parent is lost is called by its id."""
    parent, first = plan.group.parent, plan.jobs[0].record
    named = parent[1].name if parent else first.name if first.id == plan.group.id else None
    return named or plan.group.id


def _first(told: Sequence[Any], name: str) -> Any:
    return next((value for record in told if (value := getattr(record, name)) is not None), None)


def _provenance(plan: Plan, importer: Importer) -> dict[str, Any]:
    parent = plan.group.parent[1] if plan.group.parent else None
    told = parent or plan.jobs[0].record
    return {
        "source_id": plan.group.id,
        "parent_document": parent.id if parent else None,
        "status": told.said,
        "user_id": told.user,
        "created_at": told.created_at.isoformat() if told.created_at else None,
        "completed_at": told.completed_at.isoformat() if told.completed_at else None,
        "tool": "omtx migrate",
        "tool_version": importer.version,
    }


def cancelled_at(plan: Plan, batch: Batch) -> datetime | None:
    """When the batch was cancelled; None if the older system does not say that it was."""
    told = plan.group.parent[1] if plan.group.parent else plan.jobs[0].record
    if told.status is not OldStatus.CANCELLED:
        return None
    return told.completed_at or told.updated_at or batch.created_at


def closed_at(plan: Plan, batch: Batch) -> datetime:
    """When the last of its jobs ended, as far as is known."""
    ends = [job.finished_at for job in plan.valid if job.finished_at is not None]
    return max([batch.created_at, *ends])


def reference(batch: Batch, job: Job) -> JobRef:
    """The place of the job in its batch."""
    assert isinstance(job.row, LibraryRow), "a rejected row has no place"
    position = job.row.position
    return JobRef(batch_id=batch.batch_id, job_id=job_id(batch.batch_id, position), position=position)


def compose_outcome(batch: Batch, job: Job, artefacts: Sequence[Artefact]) -> Outcome:
    """How the job ended. The wall time is that which the result states; else the document's two times."""
    finished = max(job.finished_at or batch.created_at, batch.created_at)
    began = job.record.started_at if job.record.completed_at is not None else None
    if job.evidence.seconds is not None:
        began = finished - timedelta(seconds=job.evidence.seconds)
    completed = job.ended.kind is OutcomeKind.COMPLETED
    return Outcome(
        ref=reference(batch, job),
        kind=job.ended.kind,
        failure=job.ended.failure,
        metrics=dict(job.evidence.figures.values) if completed else {},
        artefacts=tuple(artefacts),
        call_id=job.record.call_id or job.evidence.call_id,
        started_at=began if began is not None and began <= finished else None,
        finished_at=finished,
    )


def results_document(batch: Batch, job: Job, model: ModelEntry) -> bytes:
    """``results.json`` in the form of every other batch; the old one is kept beside it."""
    assert isinstance(job.row, LibraryRow), "a rejected row has no result"
    figures: Mapping[str, float] = job.evidence.figures.values
    document = {
        "job_id": reference(batch, job).job_id,
        "batch_id": batch.batch_id,
        "ligand_name": job.row.name,
        "ligand_smiles": job.row.smiles,
        "item": {},
        "protein_name": batch.protein_name,
        "model": batch.model,
        "task_type": batch.task_type,
        "status": "completed",
        "test_model": False,
        "seed": None,
        "search_seed": None,
        "parameters": dict(batch.parameters),
        "metrics": {name: figures.get(name) for name in model.metrics},
        **{name: figures.get(name) for name in FIELDS},
        "details": {"source_job_id": job.record.id, "source_status": job.record.said},
        "versions": {},
    }
    return f"{json.dumps(document, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False)}\n".encode()
