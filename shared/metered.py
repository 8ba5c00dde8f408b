"""Limits at the edge: a request is counted before anything is done for it."""

from collections.abc import Mapping
from uuid import uuid4

from shared import logs, wiring
from shared.domain.addresses import client_address
from shared.domain.allowances import fields
from shared.errors import Forbidden, NotAllowed
from shared.models.access import Principal
from shared.models.limits import Endpoints
from shared.settings.limits import limit_settings
from shared.steps.quotas import Quota

PROOFS = ("authorization", "x-api-key")


def counted(headers: Mapping[str, str], peer: str | None, endpoints: Endpoints | None) -> Principal:
    """
    Whose request this is, once it is counted; its answer will tell what is left.

    ``headers`` by their names in lower case; ``peer``: the other end of the connection.

    Raises:
        NotAllowed: it comes without a good key.
        TooMany: nothing is left, or keys were guessed from where it comes from.
    """
    meter, hops = wiring.meter(), limit_settings().proxies
    address = client_address(peer, headers.get("x-forwarded-for", ""), hops=hops)
    meter.look(address, with_key=any(name in headers for name in PROOFS))
    try:
        caller = wiring.access().caller(headers)
    except Forbidden:
        raise  # who is known, and may not, has guessed nothing
    except NotAllowed:
        meter.guessed(address)
        raise
    logs.note(key=caller.key_id)
    taking = meter.admit(caller, endpoints)
    if taking is not None:
        logs.answer_with(fields(taking))
    return caller


def quota_of(caller: Principal) -> Quota:
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
