"""Which methods a path answers to: refused with 405 and all of them, whoever answers to the others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI, Response
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from services.api.sending import response
from shared.answers import problem
from shared.topology import topology

METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")


@dataclass(frozen=True)
class Methods:
    """
    Looks at paths that are spelled out: ``known``, with their methods.

    Otherwise the route of an id would take another method of such a path, and miss what has that id.
    """

    app: ASGIApp
    known: Mapping[str, Iterable[str]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 405."""
        allowed = self.known.get(scope.get("path", ""))
        if scope["type"] == "http" and allowed and scope["method"] not in allowed:
            await not_allowed(scope["path"], allowed)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def spelled_out(routers: Iterable[APIRouter]) -> dict[str, set[str]]:
    """Paths without an id, with their methods: of these routers, and of other functions."""
    routes = [it for router in routers for it in router.routes if isinstance(it, APIRoute)]
    known: dict[str, set[str]] = {}
    for path, methods in ((it.path, it.methods or ()) for it in routes):
        if "{" not in path:
            known.setdefault(path, set()).update(methods)
    for name, function in topology().functions.items():
        for route in function.routes if name != "api" else ():
            known.setdefault(route.path, {route.method})
    return known


def answered(app: FastAPI, scope: Scope) -> list[str]:
    """The methods of a path."""
    return [it for it in METHODS if any(_matches(route, {**scope, "method": it}) for route in app.routes)]


def _matches(route: object, scope: Scope) -> bool:
    found: Match = route.matches(scope)[0]  # type: ignore[attr-defined]
    return found is Match.FULL


def not_allowed(path: str, methods: Iterable[str]) -> Response:
    """405, naming what the path answers to."""
    allowed = ", ".join(sorted(methods))
    body, status, headers = problem(405, "Method not allowed", f"{path} answers to {allowed}")
    return response((body, status, {**headers, "Allow": allowed}))
