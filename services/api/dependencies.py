"""
What the routes are given: who asks and what for, and the ports for that owner.

What waits for nothing is ``async``: anything else takes its turn in a thread, which costs more than it does.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from services.api.store import Store
from shared import wiring
from shared.domain.endpoints import endpoints_of
from shared.logs import note
from shared.metered import counted
from shared.models.access import Principal, Scope
from shared.settings import settings

ADMITTED = "omtx.caller"
ABOUT = ("batch_id", "job_id", "action")


async def caller(request: Request) -> Principal:
    """Who asks; their request is counted, once."""
    if ADMITTED not in request.scope:
        request.scope[ADMITTED] = await _counted(request)
    admitted: Principal = request.scope[ADMITTED]
    return admitted


async def _counted(request: Request) -> Principal:
    peer = request.client.host if request.client else None
    asked = request.headers, peer, endpoints_of(request.method, request.scope["path"])
    if wiring.redis() is None and wiring.access().remembered(request.headers) is not None:
        return counted(*asked)
    return await run_in_threadpool(counted, *asked)  # something is to be read, which must not hold up others


Caller = Annotated[Principal, Depends(caller)]


@dataclass(frozen=True)
class Needs:
    """
    What a route declares of who may call it: a key with ``scope``, or nothing.

    Every route has one, its own or its router's; the tests look for those that have none.
    """

    scope: Scope

    async def __call__(self, caller: Caller) -> None:
        """Forbidden if who asks may not."""
        caller.require(self.scope)


async def _anyone() -> None:
    """What is open to all has no caller."""


READ, SUBMIT, DELETE, ADMIN = (Depends(Needs(scope)) for scope in Scope)
OPEN = Depends(_anyone)


async def store(caller: Caller) -> Store:
    """The ports as they are wired, for the owner who asks."""
    return ports(caller.owner)


def ports(owner: str) -> Store:
    """The ports, opened when one is first used."""
    return Store(
        owner=owner,
        ledger=wiring.ledger(),
        blobs=wiring.blobs(),
        clock=wiring.clock(),
        manifest=wiring.manifest(),
        roster=wiring.roster(),
        alignments=wiring.alignments(),
        bus=wiring.bus(),
        letters=wiring.dead_letters(),
        queues=wiring.queues(),
        runs=wiring.runs(),
        answers=wiring.answers(),
        notary=wiring.notary(),
        workers=settings().workers,
        quiet=settings().seconds("quiet"),
        artefacts_folder=settings().home / "objects" if settings().backend == "local" else None,
    )


Stored = Annotated[Store, Depends(store)]


async def told(request: Request) -> None:
    """Note in the log what a request is about."""
    note(route=request.scope["route"].path)
    note(**{name: request.path_params.get(name) for name in ABOUT})
