"""What every ``main.py`` needs around its one call: parking, health and one line in the log."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from shared import health, logs, tracing, wiring
from shared.answers import NOTHING, Answer, as_json, failed, only, problem, reason_of, refused
from shared.errors import (
    FieldError,
    Gone,
    PermanentError,
    TransientError,
)
from shared.events.delivery import MOST_BYTES, Delivery
from shared.events.messages import Event
from shared.guarded import GUARDED
from shared.measures import count_request
from shared.settings import settings
from shared.settings.limits import limit_settings
from shared.settings.redis import redis_settings
from shared.topology import topology

if TYPE_CHECKING:
    from flask import Request

E = TypeVar("E", bound=Event)
PUSHED = "push"


def answering(handle: "Callable[[Request], Any]") -> "Callable[[Request], Any]":
    """Turn what an HTTP handler raises into a problem document; a user never sees a stack trace."""
    set_up()

    @wraps(handle)
    def entry(request: "Request") -> Any:
        def act(step: logs.Step) -> Any:
            step.quiet = request.method in ("GET", "HEAD")
            return handle(request)

        probed = _probed(handle.__name__, request)
        return probed or _answer(handle.__name__, request, headers_of(request), act)

    return entry


def trusted(handle: "Callable[[Request], Any]") -> "Callable[[Request], Any]":
    """Answer only those who may call a function that is not for the public."""

    @wraps(handle)
    def entry(request: "Request") -> Any:
        wiring.callers().check(headers_of(request))
        return handle(request)

    return entry


def receiving(kind: type[E]) -> "Callable[[Callable[[E], None]], Callable[[Request], Any]]":
    """
    Make a push endpoint of a handler of messages of one ``kind``.

    It acknowledges with 204 what was handled, and what no redelivery can help, which is parked; a late
    message about a deleted batch is neither, and is dropped. Everything else is delivered again.
    """

    def decorated(handle: Callable[[E], None]) -> "Callable[[Request], Any]":
        set_up()

        @wraps(handle)
        def entry(request: "Request") -> Any:
            def act(step: logs.Step) -> Answer:
                wiring.callers().check(headers)
                _take(delivery, kind, handle, step)
                return NOTHING

            probed = _probed(handle.__name__, request)
            if probed is not None or request.method != "POST":
                return probed or only("POST")
            headers = headers_of(request)
            delivery = Delivery.of(request.content_type or "", request.stream.read(MOST_BYTES + 1))
            # A delivery is a request of its own; where its message comes from matters more.
            parent = tracing.place_of(delivery.attributes)
            return _answer(handle.__name__, request, headers, act, kind="consumer", parent=parent)

        return entry

    return decorated


def set_up() -> None:
    """When the function is loaded: what is set wrongly fails here, and not at the first request."""
    for read in (settings, limit_settings, redis_settings):
        read()
    if settings().logs_json:
        logs.to_cloud(project=settings().project)


def _take(delivery: Delivery, kind: type[E], handle: Callable[[E], None], step: logs.Step) -> None:
    about = delivery.subject()
    tracing.about(about.job_id)
    logs.note(
        **vars(about),
        subscription=delivery.subscription,
        delivery_attempt=delivery.number,
        message_id=delivery.message_id,
    )
    try:
        handle(delivery.event(kind))
    except Gone:
        step.outcome, step.said = "dropped", "the batch was deleted"
    except PermanentError as error:
        step.outcome, step.said = "parked", reason_of(error)
        wiring.dead_letters().park(kind.topic, delivery.data, reason=reason_of(error))


def _answer(
    name: str,
    request: "Request",
    headers: Mapping[str, str],
    act: Callable[[logs.Step], Any],
    *,
    kind: tracing.Kind = "server",
    parent: tracing.Place | None = None,
) -> Any:
    """One step: its answer, whatever ``act`` raises, its line in the log, and its place among the figures."""
    with logs.step(name, headers, tracer=wiring.tracer(), kind=kind, parent=parent) as step:
        answer = _acted(act, step)
        route = PUSHED if kind == "consumer" else topology().functions[name].route_of(request.path)
        count_request(name, request.method, route, answer[1], step.seconds)
        return _with(answer, step.headers)


def _with(answer: Any, headers: Mapping[str, str]) -> Any:
    """An answer with fields that others have left for it; its own go first."""
    if not isinstance(answer, tuple):
        return answer
    body, status, *own = answer
    return body, status, {**GUARDED, **headers, **(own[0] if own else {})}


def _acted(act: Callable[[logs.Step], Any], step: logs.Step) -> Any:
    try:
        answer = act(step)
    except (PermanentError, TransientError) as error:
        answer = refused(error, step)
    except Exception as error:  # the edge: logged whole, answered without its inside
        return failed(error, step)
    step.end()
    return answer


def headers_of(request: "Request") -> dict[str, str]:
    """Its headers, by their names in lower case."""
    return {name.lower(): value for name, value in request.headers.items()}


def _probed(name: str, request: "Request") -> Answer | None:
    """The answer to a probe, if this is one. (Cloud Run keeps some paths that end in z to itself.)"""
    if request.method not in ("GET", "HEAD"):
        return None
    probe = PROBES.get(request.path)
    return None if probe is None else probe(name)


def live(name: str) -> Answer:
    """That the function runs."""
    return as_json({"status": "live", "function": name})


def ready(name: str) -> Answer:
    """Whether the function could work now: 503, naming what it opens and cannot read, if not."""
    found = health.examine(name)
    wrong = tuple(FieldError(what, state) for what, state in found.items() if state != health.OK)
    if wrong:
        detail = f"{name} cannot work now: {', '.join(error.path for error in wrong)}"
        return problem(503, TransientError.title, detail, wrong)
    return as_json({"status": "ready", "function": name, "dependencies": found})


PROBES: Mapping[str, Callable[[str], Answer]] = {"/health/live": live, "/health/ready": ready}
