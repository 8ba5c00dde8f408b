"""Who may call is asked before a body is read: whoever may not learns nothing of it, and sends little."""

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from services.api.dependencies import Needs, caller
from services.api.requests import READING, step_of
from services.api.sending import response
from shared.answers import refused
from shared.errors import PermanentError, TransientError


@dataclass(frozen=True)
class Admission:
    """Asks what the route of a request ``needs``; a request without a body is asked by its route itself."""

    app: ASGIApp
    needs: Iterable[tuple[APIRoute, Needs]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401, 403 or 429."""
        if scope["type"] == "http" and scope["method"] not in READING:
            try:
                await self._admit(scope)
            except (PermanentError, TransientError) as error:
                await response(refused(error, step_of(scope)))(scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _admit(self, scope: Scope) -> None:
        for route, needs in self.needs:
            if route.matches(scope)[0] is Match.FULL:
                await needs(await caller(Request(scope)))
                return


def needed(routers: Iterable[APIRouter]) -> tuple[tuple[APIRoute, Needs], ...]:
    """The routes that need a key, with what it has to be good for, in the order in which they are tried."""
    routes = (it for router in routers for it in router.routes if isinstance(it, APIRoute))
    return tuple(
        (it, by.dependency) for it in routes for by in it.dependencies if isinstance(by.dependency, Needs)
    )
