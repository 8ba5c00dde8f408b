"""Check the order, store library and batch, publish the first ligands; each step may be repeated."""

from typing import Any

from services.submit.beginning import begun, ticket_of
from services.submit.request import Order
from services.submit.source import Limits, Source
from services.submit.storing import Means, store
from shared.catalogue.entry import entry
from shared.domain import identity
from shared.ports.blobs import Blobs
from shared.ports.bus import Bus
from shared.ports.engine import Engine
from shared.ports.ledger import Ledger
from shared.ports.world import Clock
from shared.steps.alignments import Alignments
from shared.steps.manifest import Manifest
from shared.steps.quotas import Quota
from shared.steps.roster import Roster


def handle(
    order: Order,
    *,
    idempotency_key: str | None,
    owner: str,
    means: Means,
    ledger: Ledger,
    blobs: Blobs,
    bus: Bus,
    engine: Engine,
    clock: Clock,
    manifest: Manifest,
    roster: Roster,
    alignments: Alignments,
    limits: Limits,
    quota: Quota,
) -> dict[str, Any]:
    """
    Accept a screen and return what the user needs to follow it.

    Raises:
        InvalidInput: unknown model or task, missing target, parameter out of range, no valid row.
        KeyReused: the idempotency key belongs to another order.
        QuotaExceeded: it is more than the owner may have computed.
    """
    model = entry(order.model_name)
    source = Source.of(order, model, owner=owner, blobs=blobs)
    ticket = ticket_of(owner, idempotency_key, _fingerprint(source))
    return begun(
        ticket,
        lambda: store(
            source,
            model,
            ticket,
            limits,
            means=means,
            blobs=blobs,
            alignments=alignments,
            quota=quota,
            now=clock.now(),
        ),
        model,
        source.kind,
        means=means,
        ledger=ledger,
        blobs=blobs,
        bus=bus,
        engine=engine,
        clock=clock,
        manifest=manifest,
        roster=roster,
        alignments=alignments,
        quota=quota,
    )


def _fingerprint(source: Source) -> str:
    order = source.order.model_dump(mode="json")
    if source.digest is not None:
        # The same file uploaded again is the same order, if it is read in the same way.
        order["library"] |= {"uri": source.digest, "format": source.form}
    return identity.digest(order)
