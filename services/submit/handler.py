"""Check the order, store library and batch, publish the first ligands; each step may be repeated."""

from typing import Any

from services.submit.beginning import begun, ticket_of
from services.submit.desk import Desk
from services.submit.request import Order
from services.submit.source import Limits, Source
from services.submit.storing import store
from shared.catalogue.entry import entry
from shared.domain import identity
from shared.models.batch import Batch


def handle(order: Order, desk: Desk, limits: Limits) -> dict[str, Any]:
    """
    Accept a screen and return what the user needs to follow it.

    Raises:
        InvalidInput: unknown model or task, missing target, parameter out of range, no valid row.
        KeyReused: the idempotency key belongs to another order.
        QuotaExceeded: it is more than the owner may have computed.
    """
    model = entry(order.model_name)
    source = Source.of(order, model, owner=desk.owner, blobs=desk.blobs)
    ticket = ticket_of(desk, _fingerprint(source))

    def stored() -> Batch:
        now = desk.clock.now()
        hook = desk.switchboard.endpoint(order, desk.owner, ticket.batch_id, ticket.fingerprint, now=now)
        return desk.switchboard.keep(hook, store(source, model, ticket, limits, desk))

    return begun(ticket, stored, model, source.kind, desk)


def _fingerprint(source: Source) -> str:
    order = source.order.model_dump(mode="json")
    if source.digest is not None:
        # The same file uploaded again is the same order, if it is read in the same way.
        order["library"] |= {"uri": source.digest, "format": source.form}
    return identity.digest(order)
