"""Every function of the topology table, loaded from its real ``main.py`` as the platform does."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import functions_framework

from local.objects import PREFIX, Objects
from local.routing import Mount, Router
from shared import topology, wiring

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SERVICES = topology.PATH.parent


@dataclass(frozen=True)
class Mounted:
    """
    The applications of one process.

    ``functions`` holds each by its name; ``subscribers`` the event functions by their subscription,
    which only the pump may call; ``web`` what the outside may reach.
    """

    functions: Mapping[str, "WSGIApplication"]
    subscribers: Mapping[str, "WSGIApplication"]
    web: Router


def mount() -> Mounted:
    """Load all functions; whatever one of them imports is imported here."""
    table = topology.topology().functions
    functions = {name: load(SERVICES / name / "main.py", it.entry_point) for name, it in table.items()}
    subscribers = {it.subscription.name: functions[name] for name, it in table.items() if it.subscription}
    mounts: list[Mount] = [
        (route.method, route.path, functions[name]) for name, it in table.items() for route in it.routes
    ]
    mounts.append(("*", PREFIX.rstrip("/"), Objects(wiring.local_blobs(), wiring.clock())))
    return Mounted(functions, subscribers, Router(mounts))


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
