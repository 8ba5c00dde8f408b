"""Single ligands: how one stands, and its files."""

from collections.abc import Mapping
from typing import Any

from services.api.query import Page
from services.api.store import Store
from shared.domain.identity import job_id
from shared.domain.lifecycle import job_status, tree_of
from shared.domain.naming import file_name
from shared.domain.rows import result_row
from shared.entry import Answer, as_json
from shared.errors import FieldError, IllegalMove, InvalidInput, NotFound
from shared.models.batch import Batch
from shared.models.facts import Attempt, Leaf, Outcome
from shared.steps.reading import Overview

FORMATS = {
    "cif": ("structure.cif", "chemical/x-cif"),
    "sdf": ("ligand.sdf", "chemical/x-mdl-sdfile"),
    "json": ("results.json", "application/json"),
}


def job_page(store: Store, view: Overview, page: Page) -> list[dict[str, Any]]:
    """Jobs in the order of the library, each with its state."""
    batch = view.batch
    positions = range(min(page.start, batch.counts.valid), min(page.start + page.size, batch.counts.valid))
    if not positions:
        return []
    found = store.ledger.outcomes(batch.batch_id, 0, after=positions[0] - 1, limit=len(positions))
    outcomes = {outcome.ref.position: outcome for outcome in found}
    attempts = {item.ref.position: item for item in store.ledger.attempts(batch.batch_id, 0, positions)}
    leaves = store.ledger.leaves(batch.batch_id, 0)
    return [
        _described(store, batch, position, outcomes.get(position), attempts.get(position), leaves)
        for position in positions
    ]


def _described(
    store: Store,
    batch: Batch,
    position: int,
    outcome: Outcome | None,
    attempt: Attempt | None,
    leaves: list[Leaf],
) -> dict[str, Any]:
    tree, row = tree_of(batch), store.manifest.row(batch, position)
    leaf = leaves[tree.leaf_of(position)]
    started = outcome.started_at if outcome else attempt.claimed_at if attempt else None
    return {
        "job_id": job_id(batch.batch_id, position),
        "name": row.name,
        "status": job_status(outcome, attempt, position in tree.released(leaf.k, leaf.n)).value,
        "ligand_name": row.name,
        "ligand_smiles": row.smiles,
        "created_at": batch.created_at.isoformat(),
        "started_at": started.isoformat() if started else None,
        "completed_at": outcome.finished_at.isoformat() if outcome else None,
        "error_message": outcome.failure.message if outcome and outcome.failure else None,
        "results_available": bool(outcome and outcome.artefacts),
        "attempt": attempt.ref.attempt if attempt else None,
    }


def job(store: Store, args: Mapping[str, str], job_id: str) -> Answer:
    """``GET /api/jobs/{id}``: the job with its result row, whatever its state."""
    batch, ref = store.job(job_id)
    outcome = store.ledger.outcome(ref)
    attempts = store.ledger.attempts(batch.batch_id, 0, [ref.position])
    leaves = store.ledger.leaves(batch.batch_id, 0)
    attempt = attempts[0] if attempts else None
    described = _described(store, batch, ref.position, outcome, attempt, leaves)
    state = job_status(outcome, attempt, described["status"] != "pending")
    row = result_row(
        store.manifest.row(batch, ref.position), job_id=job_id, status=state, outcome=outcome, rank=None
    )
    return as_json(
        {
            **described,
            "id": job_id,
            "job_type": "batch_child",
            "task_type": batch.task_type,
            "batch_parent_id": batch.batch_id,
            "batch_index": ref.position,
            "model_name": batch.model,
            "results": row if outcome else None,
            "files": [file.model_dump() for file in outcome.artefacts] if outcome else [],
        }
    )


def download(
    store: Store, args: Mapping[str, str], job_id: str, wanted: str, batch_id: str | None = None
) -> Answer:
    """``GET …/download/{cif|sdf|json}``: a file of a completed job."""
    if wanted not in FORMATS:
        message = f"there is no {wanted!r}; there are: {', '.join(FORMATS)}"
        raise InvalidInput(message, [FieldError("format", message)])
    batch, ref = store.job(job_id)
    if batch_id not in (None, batch.batch_id):
        raise NotFound(f"batch {batch_id} has no job {job_id}")
    outcome = store.ledger.outcome(ref)
    if outcome is None or outcome.kind != "completed":
        raise IllegalMove(
            f"job {job_id} has no files: it is {outcome.kind.value if outcome else 'not finished'}"
        )
    name, media = FORMATS[wanted]
    row = store.manifest.row(batch, ref.position)
    shown = file_name(batch.name, batch.protein_name, ref.position, row.name, extension=wanted)
    file = next((file for file in outcome.artefacts if file.name == name), None)
    if file is None:
        raise NotFound(f"the model left no {name} for job {job_id}")
    headers = {"Content-Type": media, "Content-Disposition": f'attachment; filename="{shown}"'}
    return store.blobs.get(file.key), 200, headers
