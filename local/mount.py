"""Every function of the topology table, loaded from its real ``main.py`` as the platform does."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import functions_framework
from starlette.types import ASGIApp
from werkzeug.datastructures import EnvironHeaders
from werkzeug.wrappers import Response

from local.metrics import PATH as METRICS
from local.metrics import metrics
from local.objects import PREFIX, Objects
from local.routing import Mount, Router, threaded
from shared import topology, wiring
from shared.answers import problem
from shared.errors import NotAllowed, TransientError
from shared.models.access import Scope
from shared.settings import settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SERVICES = topology.PATH.parent


Around = Callable[[str, "WSGIApplication"], "WSGIApplication"]


@dataclass(frozen=True)
class Mounted:
    """
    The applications of one process.

    ``functions`` holds each function by its name; ``subscribers`` the event functions by their
    subscription, which only the pump may call; ``web`` what the outside may reach.
    """

    functions: Mapping[str, "WSGIApplication"]
    subscribers: Mapping[str, "WSGIApplication"]
    web: ASGIApp


def mount(around: Around = lambda name, app: app) -> Mounted:
    """
    Load all functions; whatever one of them imports is imported here.

    ``around`` may put something around each function of the framework.
    """
    table = topology.topology().functions
    functions = {
        name: around(name, load(SERVICES / name / "main.py", it.entry_point))
        for name, it in table.items()
        if it.interface == "function"
    }
    subscribers = {it.subscription.name: functions[name] for name, it in table.items() if it.subscription}
    reached = {name: _reached(name, it, functions) for name, it in table.items() if it.routes}
    mounts: list[Mount] = [
        (route.method, route.path, app) for name, app in reached.items() for route in table[name].routes
    ]
    objects = Objects(wiring.local_blobs(), wiring.clock())
    mounts.append(("*", PREFIX.rstrip("/"), threaded(objects)))
    mounts.append(("GET", METRICS, metrics))
    return Mounted(functions, subscribers, Router(mounts, named=not settings().is_loopback))


def _reached(name: str, function: topology.Function, functions: Mapping[str, "WSGIApplication"]) -> ASGIApp:
    if function.schedule is not None:
        return threaded(_for_admins(functions[name]))
    if function.interface == "function":
        return threaded(functions[name])
    app: ASGIApp = getattr(import_module(f"services.{name}.main"), function.entry_point)
    return app


def _for_admins(app: "WSGIApplication") -> "WSGIApplication":
    """What the scheduler calls in this process, and from outside only those who administer."""

    def guarded(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        headers = {name.lower(): value for name, value in EnvironHeaders(environ).items()}
        try:
            wiring.access().caller(headers).require(Scope.ADMIN)
        except (NotAllowed, TransientError) as error:
            scheme = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
            body, status, more = problem(error.status, error.title, str(error))
            return Response(body, status, {**more, **scheme})(environ, start_response)
        return app(environ, start_response)

    return guarded


def load(source: Path, entry_point: str) -> "WSGIApplication":
    """The function as a WSGI application."""
    with _framework_traces_removed():
        application: WSGIApplication = functions_framework.create_app(entry_point, str(source))
    return application


@contextmanager
def _framework_traces_removed() -> Iterator[None]:
    """
    The framework serves one function per process, and marks the process with it: a variable, a
    folder on the import path, and a module named ``main``.
    """
    environment, path, main = dict(os.environ), list(sys.path), sys.modules.get("main")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:] = path
        sys.modules.pop("main", None)
        if main is not None:
            sys.modules["main"] = main
