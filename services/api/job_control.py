"""What an owner may ask of a single job: to be deleted, and to be computed again."""

from typing import Any

from fastapi import APIRouter

from services.api import control
from services.api.answers.actions import Deleted, Retried
from services.api.answers.lists import told
from services.api.dependencies import DELETE, SUBMIT, Stored
from services.api.states import states
from services.api.store import Store
from shared.domain.identity import job_place
from shared.errors import Gone, IllegalMove
from shared.models.batch import JobStatus
from shared.steps.reading import overview

router = APIRouter(tags=["jobs"])

AGAIN = {"dependencies": [SUBMIT], **told(Retried)}


@router.delete(
    "/api/v2/jobs/{job_id}", summary="Delete a single prediction", dependencies=[DELETE], **told(Deleted)
)
def delete(store: Stored, job_id: str) -> dict[str, Any]:
    """With its batch of one; 409 for a job of a larger batch, and before the end. Twice is no mistake."""
    return remove(store, job_id)


def remove(store: Store, given: str) -> dict[str, Any]:
    """Delete the batch that an id of a list names."""
    return control.delete(store, _deletable(store, given))


def _deletable(store: Store, given: str) -> str:
    if job_place(given) is None:
        return given
    try:
        batch, _ = store.job(given)
    except Gone as gone:
        return gone.batch_id
    if not batch.counts.single:
        whole = f"DELETE /api/v3/batches/{batch.batch_id}"
        raise IllegalMove(f"job {given} is one of {batch.counts.submitted} of its batch; {whole} deletes all")
    return batch.batch_id


@router.post("/api/v1/jobs/{job_id}/retry", summary="Compute a failed job again", **AGAIN)
@router.post("/api/v2/jobs/{job_id}/retry", summary="Compute a failed job again", **AGAIN)
def retry(store: Stored, job_id: str) -> dict[str, Any]:
    """
    In a round of its own, which holds all that failed: so only where nothing else of its batch did.

    409 for a job that did not fail, before the batch is over, and where others failed as well; then
    ``retry_failed`` of the batch computes them all.
    """
    batch, position = store.job(job_id)
    view = overview(store.ledger, batch)
    [state] = states(store, view, range(position, position + 1))
    if state.status is not JobStatus.FAILED:
        raise IllegalMove(f"job {job_id} is {state.status.value}; only a failed one is computed again")
    if view.accounting.failed > store.manifest.row(batch, position).copies:
        asked = f"POST /api/v3/batches/{batch.batch_id}/control/retry_failed"
        raise IllegalMove(
            f"{view.accounting.failed} rows of its batch failed; {asked} computes all of them again"
        )
    done = control.retry(store, batch.batch_id, None)
    return {
        "job_id": job_id,
        "batch_id": batch.batch_id,
        "status": JobStatus.QUEUED.value,
        "job_type": "individual" if batch.counts.single else "batch_child",
        "created_at": batch.created_at.isoformat(),
        "round": done["round"],
    }
