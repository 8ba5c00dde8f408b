"""The application: its routers, and how every refusal is answered."""

from collections.abc import Sequence

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from services.api import (
    analytics,
    artefacts,
    audit,
    batches,
    control,
    dead_letters,
    depictions,
    differences,
    enhanced,
    exports,
    health,
    job_control,
    job_lists,
    jobs,
    keys,
    listing,
    lists,
    members,
    milestones,
    models,
    my_results,
    nim,
    performance,
    probes,
    reference,
    refreshing,
    results,
    screens,
    signatures,
    simulating,
    system,
    tasks,
    usage,
    users,
    webhooks,
    webhooks_v1,
)
from services.api.admitting import Admission, needed
from services.api.conditional import Conditional, Heads
from services.api.dependencies import told
from services.api.encoding import Compression
from services.api.methods import Methods, answered, not_allowed, spelled_out
from services.api.requests import Bodies, Paths, Steps, step_of
from services.api.sending import response
from shared.answers import problem, refused
from shared.entry import set_up
from shared.errors import FieldError, InvalidInput, PermanentError, TransientError
from shared.settings import settings

MOST_BODY_BYTES = 64 * 1024
LARGE = (*nim.PATHS, screens.router.prefix, f"{screens.router.prefix}/estimate-cost")
RESOURCES = (
    # They are tried in turn: what is asked for most is among the first; a path that is spelled out comes
    # before one with an id in its place.
    *(batches, listing, lists, results),
    *(my_results, job_lists, job_control, members, users),
    *(probes, nim, screens, models, tasks, control, enhanced, analytics, audit),
    differences,
    *(artefacts, exports, signatures, jobs, milestones, refreshing, simulating, system, health),
    *(webhooks, webhooks_v1, performance, dead_letters, depictions, keys, usage, reference),
)


def application() -> FastAPI:
    """A new application; it opens nothing before its first request."""
    set_up()
    performance.gauge()  # what the machine does is seen from here on
    app = FastAPI(
        title="OMTX-Hub",
        summary="Screen a library of ligands against a protein: exact, ranked, reproducible.",
        redirect_slashes=False,
        dependencies=[Depends(told)],
        version="3",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    for resource in RESOURCES:
        app.include_router(resource.router)
    for kind in (PermanentError, TransientError):
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _not_routed)
    # The last one added is the first to see a request.
    app.add_middleware(Methods, known=spelled_out(it.router for it in RESOURCES))
    app.add_middleware(Conditional)
    app.add_middleware(Compression)
    app.add_middleware(Heads)
    app.add_middleware(Bodies, most=MOST_BODY_BYTES, larger=dict.fromkeys(LARGE, settings().most_body_bytes))
    app.add_middleware(Admission, needs=needed(it.router for it in RESOURCES))
    app.add_middleware(Paths)
    app.add_middleware(Steps, name="api")
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, PermanentError | TransientError)
    return response(refused(error, step_of(request.scope)))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [FieldError(_path(item["loc"]), _sentence(item["msg"])) for item in error.errors()]
    listed = "; ".join(f"{item.path or 'body'}: {item.message}" for item in found[:5])
    return response(refused(InvalidInput(listed, found), step_of(request.scope)))


def _path(location: Sequence[int | str]) -> str:
    """Where a field is, without saying whether in the path, the query or the body."""
    return ".".join(str(part) for part in location[1:])


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")


async def _not_routed(request: Request, error: Exception) -> Response:
    """What the framework itself refuses: no such route, or not by this method."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404:
        return response(problem(404, "Not found", f"there is no {path}"))
    if error.status_code == 405:
        return not_allowed(path, answered(request.app, request.scope))
    return response(problem(error.status_code, "Not possible", str(error.detail)))
