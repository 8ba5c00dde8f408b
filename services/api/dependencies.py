"""What the routes are given: the ports, for the owner who asks."""

from typing import Annotated

from fastapi import Depends, Request

from services.api.store import Store
from shared import wiring
from shared.logs import note
from shared.settings import settings

ABOUT = ("batch_id", "job_id", "action")


def store() -> Store:
    """The ports as they are wired, opened when one is first used."""
    return Store(
        owner=settings().owner,
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
        workers=settings().workers,
        quiet=settings().seconds("quiet"),
        artefacts_folder=settings().home / "objects" if settings().backend == "local" else None,
    )


Stored = Annotated[Store, Depends(store)]


def told(request: Request) -> None:
    """Note in the log what a request is about."""
    note(route=request.scope["route"].path)
    note(**{name: request.path_params.get(name) for name in ABOUT})
