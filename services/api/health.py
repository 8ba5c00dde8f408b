"""Health in the forms that dashboards know: all of it, by function, and by what this service depends on."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter

from services.api.answers.health import Dependencies, HealthOverall, Service, Services, SystemStatus
from services.api.dependencies import ADMIN, READ, Stored
from services.api.queues import QueuesNow, queues_now, verdict
from services.api.store import Store
from services.api.system import engine
from shared import health
from shared.errors import NotFound
from shared.ports.bus import Queue
from shared.topology import Function, topology

router = APIRouter(tags=["health"])

NAME = "api"
WORST = ("unhealthy", "degraded", "unknown", "healthy")


@router.get(
    "/api/v3/health/status",
    dependencies=[READ],
    summary="Health of everything",
    responses={200: {"model": HealthOverall}},
)
def overall(store: Stored) -> dict[str, Any]:
    """The worst of dependencies and queues; each is asked, not assumed."""
    found = health.examine(NAME)
    if not _answer(found):
        return _told(store, found, "unhealthy", None)
    queues = queues_now(store)
    return _told(store, found, queues.verdict, queues)


def _told(store: Store, found: Mapping[str, str], status: str, queues: QueuesNow | None) -> dict[str, Any]:
    return {
        "status": status,
        "timestamp": store.clock.now().isoformat(),
        "dependencies": found,
        "oldest_due_seconds": queues.oldest if queues else None,
        "messages_waiting": queues.waiting if queues else None,
        "open_dead_letters": queues.letters if queues else None,
    }


@router.get(
    "/api/v3/health/dependencies",
    dependencies=[READ],
    summary="Health of what this depends on",
    responses={200: {"model": Dependencies}},
)
def dependencies(store: Stored) -> dict[str, Any]:
    """What the api opens, each read once: ``ok``, or what is wrong."""
    found = health.examine(NAME)
    return {
        "status": "healthy" if _answer(found) else "unhealthy",
        "timestamp": store.clock.now().isoformat(),
        "dependencies": found,
    }


def _answer(found: Mapping[str, str]) -> bool:
    return all(state == health.OK for state in found.values())


@router.get(
    "/api/v3/health/services",
    dependencies=[READ],
    summary="Health by function",
    responses={200: {"model": Services}},
)
def services(store: Stored) -> dict[str, Any]:
    """Each function by the queue that it works off; of one without a queue that is not seen from here."""
    told = list(_services(queues_now(store)))
    return {
        "status": next(it for it in WORST if it == "healthy" or any(one["status"] == it for one in told)),
        "timestamp": store.clock.now().isoformat(),
        "services": told,
    }


@router.get(
    "/api/v3/health/service/{name}",
    dependencies=[READ],
    summary="Health of one function",
    responses={200: {"model": Service}},
)
def service(store: Stored, name: str) -> dict[str, Any]:
    """The same of one function."""
    found = next((it for it in _services(queues_now(store)) if it["name"] == name), None)
    if found is None:
        raise NotFound(f"no function {name!r}; there are: {', '.join(topology().functions)}")
    return found


def _services(queues: QueuesNow) -> Iterator[dict[str, Any]]:
    by_name = {queue.subscription: queue for queue in queues.queues}
    for name, function in topology().functions.items():
        queue = by_name.get(function.subscription.name) if function.subscription else None
        yield {
            "name": name,
            "trigger": function.trigger,
            "status": _status(name, function, queue, queues),
            "queue": queues.told_of(queue) if queue else None,
        }


def _status(name: str, function: Function, queue: Queue | None, queues: QueuesNow) -> str | None:
    """By its queue; the api itself answers right now; None: nothing of it is seen from here."""
    if queue is None:
        return "healthy" if name == NAME else None
    return verdict(queues.age(queue) or 0.0, open_letters=0, known=queue.messages is not None)


@router.get(
    "/api/system/status",
    dependencies=[ADMIN],
    summary="The system in short",
    responses={200: {"model": SystemStatus}},
)
def system_status(store: Stored) -> dict[str, Any]:
    """Queues, runs and dead letters, as they are now."""
    queues = queues_now(store)
    return {
        "status": queues.verdict,
        "timestamp": queues.now.isoformat(),
        "queues": queues.told(),
        "engine": engine(store, queues.now),
        "dead_letters": {"open": queues.letters},
    }
