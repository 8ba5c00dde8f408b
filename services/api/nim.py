"""The door that clients of NVIDIA's service of Boltz-2 know: one request, one prediction, one answer."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from services.api.answers.nim import Metadata, NimResponse
from services.api.dependencies import OPEN, SUBMIT, Stored
from services.api.nim_answer import answer
from services.api.nim_order import Parts, order_of
from services.api.nim_request import NimRequest
from services.api.sending import response
from services.api.store import Store
from services.api.waiting import Seats, outcome_by
from shared import entry, wiring
from shared.answers import PROBLEM, problem
from shared.catalogue.entry import known
from shared.domain.identity import digest
from shared.domain.lifecycle import first_round
from shared.models.batch import Batch
from shared.models.facts import Outcome, OutcomeKind
from shared.models.work import FailureClass
from shared.ports.orders import Placed
from shared.settings.doors import doors

router = APIRouter(tags=["nim"])
seats = Seats()

PLACE = "/api/v3/batches/submit"
KEY = "idempotency-key"
PROOFS = ("authorization", "x-api-key", "traceparent")
MOST_TRIES = 5
PATHS = ("/biology/mit/boltz2/predict", "/v1/biology/mit/boltz2/predict")


@router.post(
    PATHS[0], summary="Predict, as NIM", dependencies=[SUBMIT], responses={200: {"model": NimResponse}}
)
@router.post(
    PATHS[1],
    summary="Predict, as NIM hosts it",
    dependencies=[SUBMIT],
    responses={200: {"model": NimResponse}},
)
async def predict(store: Stored, request: Request, asked: NimRequest) -> Response:
    """
    A batch of one, waited for. 504 names the job where the wait ends first: it goes on, and the same
    request asked again finds it, running or done.

    A request whose prediction failed before is computed again; one that names an ``Idempotency-Key`` is not.
    """
    parts = Parts.of(asked)
    chains, order = parts.chains, order_of(parts)
    with seats.seat(doors().nim_waiting):
        placed, found = await _placed(store, request, order)
        if placed.status != 202:
            return _passed_on(placed)
        batch: Batch = await run_in_threadpool(store.batch, placed.body["batch_id"])
        if found is None:
            found = await outcome_by(
                lambda: _outcome(store, batch),
                seconds=doors().nim_wait_seconds,
                left=request.is_disconnected,
            )
    if found is None:
        return _late(store, batch)
    if found.kind is not OutcomeKind.COMPLETED:
        return _failed(found)
    ligand = None if parts.ligand is None else parts.ligand_id(parts.ligand)
    return JSONResponse(
        await run_in_threadpool(answer, found, chains=chains, ligand=ligand, blobs=store.blobs)
    )


async def _placed(store: Store, request: Request, order: Mapping[str, Any]) -> tuple[Placed, Outcome | None]:
    """
    The order under the first of its keys that is free, at work or done, and its outcome if there is one.

    When all keys are used up, the last failure is the answer.
    """
    proofs = {name: value for name in PROOFS if (value := request.headers.get(name)) is not None}
    for key in _keys(request, order):
        placed = await run_in_threadpool(wiring.orders().place, PLACE, order, {**proofs, KEY: key})
        found = await run_in_threadpool(_standing, store, placed)
        is_over = placed.status == 409 or (found is not None and found.kind is not OutcomeKind.COMPLETED)
        if KEY in request.headers or not is_over:
            break
    return placed, found


def _standing(store: Store, placed: Placed) -> Outcome | None:
    return _outcome(store, store.batch(placed.body["batch_id"])) if placed.status == 202 else None


def _keys(request: Request, order: Mapping[str, Any]) -> Iterator[str]:
    """The client's own, or made of what is asked, and others for when that prediction failed or is gone."""
    if KEY in request.headers:
        yield request.headers[KEY]
        return
    yield from (f"nim-{digest(order)[:40]}-{number}" for number in range(1, MOST_TRIES + 1))


def _outcome(store: Store, batch: Batch) -> Outcome | None:
    return store.ledger.outcome(store.roster.ref_at(first_round(batch), 0))


def _passed_on(placed: Placed) -> Response:
    """What ``submit`` refused, as it said it."""
    return JSONResponse(dict(placed.body), placed.status, media_type=PROBLEM)


def _late(store: Store, batch: Batch) -> Response:
    job = store.roster.ref_at(first_round(batch), 0).job_id
    detail = f"job {job} is not done yet and goes on; ask the same again, or GET /api/jobs/{job}"
    return response(problem(504, "Not done in time", detail))


def _failed(found: Outcome) -> Response:
    """The model's own reason; 422 where another input is needed, 409 of what was cancelled."""
    failure = found.failure
    message = failure.message if failure else "the prediction failed"
    status = 409 if found.kind is OutcomeKind.CANCELLED else 500
    if failure and failure.kind is FailureClass.INVALID_INPUT:
        status = 422
    return response(problem(status, "The prediction failed", f"job {found.ref.job_id}: {message}"))


@router.get("/v1/health/ready", summary="Ready, as NIM", dependencies=[OPEN])
def ready() -> Response:
    """Whether predictions could be taken now."""
    return response(entry.ready("api"))


@router.get("/v1/health/live", summary="Live, as NIM", dependencies=[OPEN])
def live() -> Response:
    """That the service runs."""
    return response(entry.live("api"))


@router.get(
    "/v1/metadata", summary="Metadata, as NIM", dependencies=[OPEN], responses={200: {"model": Metadata}}
)
def metadata() -> dict[str, Any]:
    """Which model answers here."""
    model = known("boltz2")
    licence = {"name": model.licence, "path": "", "sha": "", "size": 0, "url": "", "type": "", "content": ""}
    return {
        "assetInfo": [],
        "licenseInfo": licence,
        "modelInfo": [
            {"modelUrl": "https://github.com/jwohlwend/boltz", "shortName": f"boltz2:{model.version}"}
        ],
        "repository_override": "",
        "version": model.version,
    }
