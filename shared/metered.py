"""Limits at the edge: a function's requests are counted before anything is done for them."""

from typing import TYPE_CHECKING
from uuid import uuid4

from shared import logs, wiring
from shared.domain.addresses import client_address
from shared.domain.allowances import fields
from shared.errors import Forbidden, NotAllowed
from shared.models.limits import Endpoints
from shared.settings import settings
from shared.settings.limits import limit_settings
from shared.steps.metering import Caller
from shared.steps.quotas import Quota

if TYPE_CHECKING:
    from flask import Request

PROOFS = ("authorization", "x-api-key")
FORWARDED = "x-forwarded-for"


def counted(request: "Request", endpoints: Endpoints) -> Caller:
    """
    Whose request to a function of the framework this is, once it is counted.

    Raises:
        NotAllowed: it comes without a good key.
        TooMany: nothing is left, or keys were guessed from where it comes from.
    """
    address = address_of(request.remote_addr, request.headers.get(FORWARDED, ""))
    look(address, with_key=any(name in request.headers for name in PROOFS))
    try:
        caller = Caller(settings().owner, None)
    except NotAllowed as error:
        guessed(address, error)
        raise
    admit(caller, endpoints)
    return caller


def address_of(peer: str | None, forwarded_for: str) -> str:
    """Where a request comes from."""
    return client_address(peer, forwarded_for, hops=limit_settings().proxies)


def look(address: str, *, with_key: bool) -> None:
    """Raise TooMany if keys were guessed from there."""
    wiring.meter().look(address, with_key=with_key)


def guessed(address: str, error: NotAllowed) -> None:
    """Somebody was not let in; one who is known, and may not, has guessed nothing."""
    if not isinstance(error, Forbidden):
        wiring.meter().guessed(address)


def quota_of(caller: Caller) -> Quota:
    """How much work the caller's owner may have done."""
    return Quota(
        owner=caller.owner,
        tier=caller.tier,
        quotas=wiring.meter().quotas(caller),
        consumptions=wiring.consumptions(),
        ledger=wiring.ledger(),
        clock=wiring.clock(),
        hand=uuid4().hex,
    )


def admit(caller: Caller, endpoints: Endpoints | None) -> None:
    """
    Count a request of somebody who is known; its answer will tell what is left. None is not counted.

    Raises:
        TooMany: nothing is left.
    """
    taking = wiring.meter().admit(caller, endpoints)
    if taking is not None:
        logs.answer_with(fields(taking))
