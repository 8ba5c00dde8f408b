"""Whether the service lives, could work, and what it depends on."""

from typing import Any

from fastapi import APIRouter, Response

from services.api.answers.health import HealthInShort
from services.api.dependencies import OPEN, ports
from services.api.sending import response
from shared import entry
from shared.answers import problem
from shared.catalogue.tasks.task import tasks
from shared.errors import FieldError, TransientError
from shared.health import OK, examine

NAME = "api"

router = APIRouter(tags=["health"], dependencies=[OPEN])


@router.get(
    "/health", summary="Health in short", response_model=None, responses={200: {"model": HealthInShort}}
)
def health() -> dict[str, Any] | Response:
    """Each dependency is asked, not assumed; 503 names those that do not answer."""
    found = dict(examine(NAME))
    wrong = tuple(FieldError(what, state) for what, state in found.items() if state != OK)
    if wrong:
        named = ", ".join(error.path for error in wrong)
        return response(problem(503, TransientError.title, f"what does not answer: {named}", wrong))
    return {
        "status": "ok",
        "timestamp": ports(NAME).clock.now().isoformat(),
        "database": found["ledger"],
        "storage": found["objects"],
        "supported_tasks": [found.id for found in tasks().values() if found.unavailable() is None],
    }


@router.get("/health/live")
def live() -> Response:
    """That the service runs."""
    return response(entry.live(NAME))


@router.get("/health/ready")
def ready() -> Response:
    """Whether the service could work now; 503 names what it opens and cannot read."""
    return response(entry.ready(NAME))
