"""The life of a screen as clients of a hosted Boltz service know it, from its estimate to its deletion."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from services.api.answers.screens import Screen, ScreenPage
from services.api.control import control, delete
from services.api.dependencies import DELETE, READ, SUBMIT, Stored
from services.api.nim import KEY, PLACE, PROOFS
from services.api.pages import Page
from services.api.results import rows_of
from services.api.sampling import going
from services.api.screen_answer import result, screen
from services.api.screen_order import batch_of, order_of, screen_id
from services.api.screen_request import ScreenRequest
from services.api.store import Store
from shared import wiring
from shared.answers import PROBLEM
from shared.errors import Gone
from shared.settings import settings

router = APIRouter(prefix="/v1/screens", tags=["screens"])

ESTIMATE = "/api/v3/batches/estimate"
MOST, SAMPLED = 1000, 10


@router.post("/estimate-cost", summary="What a screen would cost", dependencies=[SUBMIT])
def estimate_cost(request: Request, asked: ScreenRequest) -> Response:
    """The checks of a submission, and nothing stored; ``estimated_cost_usd`` is a decimal number as text."""
    placed = wiring.orders().place(ESTIMATE, order_of(asked), _proofs(request))
    if placed.status != 200:
        return JSONResponse(dict(placed.body), placed.status, media_type=PROBLEM)
    usd = placed.body["cost"]["usd"]
    return JSONResponse({"estimated_cost_usd": None if usd is None else f"{usd:.2f}", **placed.body})


@router.post(
    "", summary="Start a screen", dependencies=[SUBMIT], status_code=201, responses={201: {"model": Screen}}
)
def start(store: Stored, request: Request, asked: ScreenRequest) -> Response:
    """An ordinary batch. The same ``idempotency_key`` with the same body is the same screen."""
    key = {KEY: asked.idempotency_key} if asked.idempotency_key else {}
    placed = wiring.orders().place(PLACE, order_of(asked), {**_proofs(request), **key})
    if placed.status != 202:
        return JSONResponse(dict(placed.body), placed.status, media_type=PROBLEM)
    found = {**_told(store, placed.body["batch_id"]), "rejection_summary": placed.body["rejected"]}
    return JSONResponse(found, 201, {"Location": f"/v1/screens/{found['id']}"})


def _proofs(request: Request) -> dict[str, str]:
    return {name: value for name in PROOFS if (value := request.headers.get(name)) is not None}


@router.get("/{screen}", summary="A screen", dependencies=[READ], responses={200: {"model": Screen}})
def read(store: Stored, screen: str) -> dict[str, Any]:
    """How it stands."""
    return _told(store, batch_of(screen))


def _told(store: Store, batch_id: str) -> dict[str, Any]:
    try:
        view = store.overview(batch_id)
    except Gone as gone:
        if gone.owner != store.owner:
            raise
        deleted = {"id": screen_id(batch_id), "batch_id": batch_id, "status": "deleted"}
        return {**deleted, "data_deleted_at": gone.deleted_at.isoformat()}
    return screen(view, seconds_left=going(store, view, most=SAMPLED).seconds_left)


@router.get(
    "/{screen}/results", summary="Its results", dependencies=[READ], responses={200: {"model": ScreenPage}}
)
def results(
    store: Stored,
    screen: str,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    cursor: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> dict[str, Any]:
    """
    Best first. ``next_cursor``, given as ``cursor`` with the same limit, leads on.

    While ``partial``, ranks still change from page to page: read it whole when it is over.
    """
    view = store.overview(batch_of(screen))
    rows = rows_of(store, view, Page(cursor, limit))
    more = cursor * limit < view.batch.counts.submitted
    ended = view.closing is not None and view.closing.finished_at is not None
    base = settings().base_url
    return {
        "data": [result(row, view.batch.batch_id, base=base) for row in rows],
        "has_more": more,
        "next_cursor": cursor + 1 if more else None,
        "partial": not ended,
    }


@router.post("/{screen}/stop", summary="Stop it", dependencies=[SUBMIT], responses={200: {"model": Screen}})
def stop(store: Stored, screen: str) -> dict[str, Any]:
    """Nothing further is started, and what runs goes on to its end; it can be resumed."""
    return _after(store, screen, "pause")


@router.post("/{screen}/resume", summary="Go on", dependencies=[SUBMIT], responses={200: {"model": Screen}})
def resume(store: Stored, screen: str) -> dict[str, Any]:
    """What was held back is started."""
    return _after(store, screen, "resume")


def _after(store: Store, screen: str, action: str) -> dict[str, Any]:
    batch_id = batch_of(screen)
    control(store, batch_id, action, round=None, asked=None)
    return _told(store, batch_id)


@router.post(
    "/{screen}/delete-data", summary="Delete it", dependencies=[DELETE], responses={200: {"model": Screen}}
)
def delete_data(store: Stored, screen: str) -> Response:
    """
    Its data and records go for good: 200.

    202 while it is not over: it is cancelled now, and the same asked again, a minute later, deletes it.
    """
    batch_id = batch_of(screen)
    if not _is_over(store, batch_id):
        control(store, batch_id, "cancel", round=None, asked=None)
        return JSONResponse(_told(store, batch_id), 202)
    delete(store, batch_id)
    return JSONResponse(_told(store, batch_id))


def _is_over(store: Store, batch_id: str) -> bool:
    try:
        closing = store.overview(batch_id).closing
    except Gone:
        return True  # whose it was, ``delete`` looks
    return closing is not None and closing.finished_at is not None
