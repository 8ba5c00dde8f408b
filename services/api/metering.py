"""Every request is counted: by its address before it is known who asks, by its key after."""

from typing import Annotated

from fastapi import Depends, Request

from shared import metered
from shared.domain.endpoints import endpoints_of
from shared.errors import NotAllowed
from shared.settings import settings
from shared.steps.metering import Caller


def looked(request: Request) -> None:
    """Before keys are looked up."""
    with_key = any(name in request.headers for name in metered.PROOFS)
    metered.look(_address(request), with_key=with_key)


def caller() -> Caller:
    """Who asks."""
    return Caller(settings().owner, None)


Asking = Annotated[Caller, Depends(caller)]


def counted(request: Request, asking: Asking) -> None:
    """After."""
    metered.admit(asking, endpoints_of(request.method, request.scope["path"]))


def turned_away(request: Request, error: NotAllowed) -> None:
    """Who was not let in."""
    metered.guessed(_address(request), error)


def _address(request: Request) -> str:
    peer = request.client.host if request.client else None
    return metered.address_of(peer, request.headers.get(metered.FORWARDED, ""))
