"""The routes of ``submit``: what a request's path asks for."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.submit import estimating
from services.submit.means import Means
from services.submit.predicting import Prediction, Question, ordered, predicted, validated
from services.submit.request import Nothing, Order, read_body
from services.submit.smart import smart
from services.submit.source import Limits
from services.submit.telling import Telling
from services.submit.uploads import offered
from shared.answers import Answer, as_json, only
from shared.logs import note
from shared.models.access import Principal, Scope
from shared.models.limits import Endpoints
from shared.ports.blobs import Blobs
from shared.settings import Settings

Accept = Callable[[Order], dict[str, Any]]
Again = Callable[[str], dict[str, Any]]
Check = Callable[[Telling], None]
SMART = "/api/v2/predict-smart"
PREDICT = ("/api/predict", "/api/v2/predict", SMART)
ESTIMATE = "/api/v3/batches/estimate"
TASKS = "/api/v2/tasks"
REPLAY = re.compile(r"/api/v3/batches/replay/([^/]+)")
VALIDATE = re.compile(rf"{TASKS}/([^/]+)/validate")


def endpoints(path: str) -> Endpoints:
    """The class of a path, as limits know it: whatever is not just a question opens a batch."""
    asks = path.startswith((ESTIMATE, TASKS))
    return Endpoints.OTHER if asks else Endpoints.SUBMIT


def respond(
    path: str,
    body: bytes,
    settings: Settings,
    *,
    caller: Principal,
    accept: Accept,
    again: Again,
    check: Check,
    blobs: Blobs,
    now: datetime,
) -> Answer:
    """
    The answer to a POST.

    ``/api/v3/batches/submit``, ``/api/v2/predict`` and ``/api/v2/predict-smart``: 202, the batch.
    ``/api/v3/batches/replay/{id}``: 202, a batch that repeats another.
    ``/api/v3/batches/estimate``: 200, what an order would cost. ``/api/v3/libraries``: 201, where to upload.
    ``/api/v2/tasks/{id}/validate``: 200, what is wrong with an input.
    """
    caller.require(Scope.SUBMIT)
    owner = caller.owner
    path, most = path.rstrip("/"), settings.most_body_bytes
    if path == "/api/v3/libraries":
        return as_json(offered(body, settings, owner=owner, blobs=blobs, now=now), 201)
    if path == ESTIMATE:
        inquiry, limits = read_body(body, estimating.Inquiry, most=most), Limits.of(settings)
        check(inquiry)
        return as_json(
            estimating.handle(inquiry, owner=owner, means=Means.of(settings), blobs=blobs, limits=limits)
        )
    if path in PREDICT:
        prediction = read_body(body, Prediction, most=most)
        prediction = smart(prediction) if path == SMART else prediction
        with ordered(prediction, prediction.task_type) as order:
            return _accepted(predicted(order, accept(order)))
    if path.startswith(TASKS):
        match = VALIDATE.fullmatch(path)
        if match is None:
            return only("GET")  # what there is of tasks is looked up elsewhere
        question = read_body(body, Question, most=most)
        limits = Limits.of(settings)
        return as_json(validated(question, match[1], limits, owner=owner, blobs=blobs, check=check))
    if (match := REPLAY.fullmatch(path)) is not None:
        read_body(body or b"{}", Nothing, most=most)
        return _accepted(again(match[1]))
    return _accepted(accept(read_body(body, Order, most=most)))


def _accepted(answer: dict[str, Any]) -> Answer:
    note(batch_id=answer["batch_id"])
    return as_json(answer, 202, {"Location": answer["status_url"]})
