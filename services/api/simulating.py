"""``POST …/simulate-completion``: a stand-in result for one ligand, for tests of what comes after."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from services.api.answers.completion import Simulated
from services.api.dependencies import SUBMIT, Stored
from services.api.states import states
from shared.errors import Forbidden, IllegalMove, NotFound
from shared.events.messages import JobFinished
from shared.models.work import Envelope, JobRef, MetricValue
from shared.settings.doors import doors
from shared.steps.reading import overview

router = APIRouter(prefix="/api/v3/batch-completion", tags=["completion"], dependencies=[SUBMIT])

STAND_IN: dict[str, MetricValue] = {
    **{"affinity": 0.75, "confidence": 0.82, "ptm_score": 0.78, "plddt_score": 0.85},
    "simulated": True,
}
VERSION = {"simulation": "boltz2_test"}


@router.post(
    "/batch/{batch_id}/simulate-completion",
    summary="Complete a ligand without computing it (tests only)",
    responses={200: {"model": Simulated}},
)
def simulate_completion(store: Stored, batch_id: str, job_id: str) -> dict[str, Any]:
    """
    Publishes a made-up answer, which goes the way of every answer; each result of it says ``test_model``.

    403 unless ``OMTX_SIMULATE_COMPLETION`` is set, which a deployment in the cloud refuses. 409 for a
    ligand that has its result.
    """
    if not doors().simulate_completion:
        raise Forbidden("completions are simulated only where OMTX_SIMULATE_COMPLETION is set, for tests")
    batch, position = store.job(job_id)
    if batch.batch_id != batch_id:
        raise NotFound(f"batch {batch_id} has no job {job_id}")
    [state] = states(store, overview(store.ledger, batch), range(position, position + 1))
    if state.outcome is not None:
        raise IllegalMove(f"job {job_id} is {state.status.value}; there is nothing to simulate")
    first = store.roster.ref_at(state.round, position)
    envelope = stand_in(state.attempt.ref if state.attempt else first, store.clock.now())
    store.bus.publish([JobFinished(envelope=envelope)])
    return {
        "message": f"published a made-up answer for job {job_id}",
        "mock_result": {"job_id": job_id, "status": "completed", **STAND_IN, "test_model": True},
        "note": "nothing was computed; the result is labelled test_model wherever it appears",
    }


def stand_in(ref: JobRef, now: datetime) -> Envelope:
    """The answer of a run that was none."""
    return Envelope(
        ref=ref,
        status="succeeded",
        metrics=STAND_IN,
        versions=VERSION,
        test_model=True,
        started_at=now,
        finished_at=now,
    )
