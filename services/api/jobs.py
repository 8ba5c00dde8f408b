"""Single jobs: how one stands, and its files."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from services.api.answers import Job
from services.api.converting import as_pdb
from services.api.dependencies import READ, Stored
from services.api.pages import Page
from services.api.sending import FILE, attachment, streamed
from services.api.states import State, states
from services.api.store import Store
from shared.domain.identity import job_id
from shared.domain.naming import LOG, file_name
from shared.domain.rows import result_row
from shared.errors import FieldError, IllegalMove, InvalidInput, NotFound
from shared.models.batch import Batch
from shared.models.facts import Outcome
from shared.models.work import Artefact
from shared.steps.reading import Overview, overview, page_of_outcomes, rounds_of

router = APIRouter(tags=["jobs"], dependencies=[READ])

METADATA = "metadata.json"
FORMATS = {
    "cif": ("structure.cif", "chemical/x-cif"),
    "pdb": ("structure.cif", "chemical/x-pdb"),
    "sdf": ("ligand.sdf", "chemical/x-mdl-sdfile"),
    "json": ("results.json", "application/json"),
    "metadata": (METADATA, "application/json"),
    "log": (LOG, "text/plain; charset=utf-8"),
}
File = Annotated[str, Path(json_schema_extra={"enum": [*FORMATS]})]
EXTENSIONS = {"log": "_prediction.log", "json": "_results.json", "metadata": "_metadata.json"}


def job_page(store: Store, view: Overview, page: Page) -> list[dict[str, Any]]:
    """Jobs in the order of the library, each with its state."""
    jobs = view.batch.counts.jobs
    positions = range(min(page.start, jobs), min(page.start + page.size, jobs))
    return [_described(store, view.batch, state) for state in states(store, view, positions)]


def _described(store: Store, batch: Batch, state: State) -> dict[str, Any]:
    row, outcome, attempt = store.manifest.row(batch, state.position), state.outcome, state.attempt
    started = outcome.started_at if outcome else attempt.claimed_at if attempt else None
    return {
        "job_id": job_id(batch.batch_id, state.position),
        "name": row.name,
        "status": state.status.value,
        "ligand_name": row.name,
        "ligand_smiles": row.smiles,
        "kind": row.kind,
        "item": dict(row.item),
        "copies": row.copies,
        "created_at": batch.created_at.isoformat(),
        "started_at": started.isoformat() if started else None,
        "completed_at": outcome.finished_at.isoformat() if outcome else None,
        "error_message": outcome.failure.message if outcome and outcome.failure else None,
        "results_available": bool(outcome and outcome.kind == "completed" and outcome.artefacts),
        "round": state.round.number,
        "attempt": _attempt(state),
    }


def _attempt(state: State) -> int | None:
    """The number of the attempt that runs, or that gave the outcome; None where nothing ran."""
    if state.outcome is not None:
        return state.outcome.ref.attempt if state.outcome.started_at else None
    return state.attempt.ref.attempt if state.attempt else None


@router.get("/api/jobs/{job_id}", summary="One job", responses={200: {"model": Job}})
@router.get("/api/v2/jobs/{job_id}", summary="One job", responses={200: {"model": Job}})
def job(store: Stored, job_id: str) -> dict[str, Any]:
    """The job with its result row, whatever its state."""
    batch, position = store.job(job_id)
    [state] = states(store, overview(store.ledger, batch), range(position, position + 1))
    outcome = state.outcome
    row = store.manifest.row(batch, position)
    result = result_row(row, job_id=job_id, status=state.status, outcome=outcome, rank=None)
    return {
        **_described(store, batch, state),
        "id": job_id,
        "job_type": "individual" if batch.counts.single else "batch_child",
        "task_type": batch.task_type,
        "batch_parent_id": batch.batch_id,
        "batch_index": position,
        "model_name": batch.model,
        "results": result if outcome else None,
        "files": [file.model_dump() for file in outcome.artefacts] if outcome else [],
    }


@router.get("/api/jobs/{job_id}/download/{wanted}", summary="Download a file", **FILE)
@router.get("/api/v2/jobs/{job_id}/download/{wanted}", summary="Download a file", **FILE)
def download(store: Stored, job_id: str, wanted: File) -> Response:
    """A file (cif, pdb, sdf, json, metadata or log) of a completed job; the log of a failed one, too."""
    if wanted not in FORMATS:
        message = f"there is no {wanted!r}; there are: {', '.join(FORMATS)}"
        raise InvalidInput(message, [FieldError("format", message)])
    batch, position = store.job(job_id)
    rounds = rounds_of(store.ledger, batch, store.ledger.intents(batch.batch_id))
    _, outcome = page_of_outcomes(store.ledger, rounds, [position])[position]
    ended = ("completed", "failed") if wanted == "log" else ("completed",)
    if outcome is None or outcome.kind not in ended:
        raise IllegalMove(
            f"job {job_id} has no files: it is {outcome.kind.value if outcome else 'not finished'}"
        )
    name, media = FORMATS[wanted]
    row = store.manifest.row(batch, position)
    shown = file_name(
        batch.name, batch.protein_name, position, row.name, extension=EXTENSIONS.get(wanted, f".{wanted}")
    )
    file = _file(store, batch, job_id, outcome, name)
    if file is None:
        raise NotFound(f"there is no {name} of job {job_id}")
    if wanted == "pdb":
        return Response(_as_pdb(store, file), media_type=media, headers=attachment(shown))
    headers = {"Content-Type": media, "Content-Length": str(file.size), **attachment(shown)}
    headers["ETag"] = f'"{file.sha256}"'
    return streamed(store.blobs.stream(file.key), headers)


def _file(store: Store, batch: Batch, job: str, outcome: Outcome, name: str) -> Artefact | None:
    """What the run of the job left, or what was written about it when its batch ended."""
    if name != METADATA:
        return next((file for file in outcome.artefacts if file.name == name), None)
    try:
        stat = store.blobs.stat(f"batches/{batch.batch_id}/jobs/{job}/{name}")
    except NotFound:
        return None
    return Artefact(name=name, key=stat.key, size=stat.size, sha256=stat.sha256)


def _as_pdb(store: Store, file: Artefact) -> bytes:
    try:
        return as_pdb(store.blobs.get(file.key))
    except ValueError as error:
        raise IllegalMove(f"the structure cannot be written as PDB: {error}") from error


@router.get("/api/v3/batches/{batch_id}/jobs/{job_id}/download/{wanted}", summary="Download a file", **FILE)
def download_of_batch(store: Stored, batch_id: str, job_id: str, wanted: File) -> Response:
    """The same, of a job of this batch."""
    if store.job(job_id)[0].batch_id != batch_id:
        raise NotFound(f"batch {batch_id} has no job {job_id}")
    return download(store, job_id, wanted)
