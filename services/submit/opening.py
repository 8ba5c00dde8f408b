"""What opens a batch for its owner, with the ports as they are wired."""

from functools import partial
from typing import Any

from services.submit.handler import handle
from services.submit.replaying import replay
from services.submit.routes import Accept, Again
from services.submit.source import Limits
from services.submit.storing import Means
from shared import wiring
from shared.metered import quota_of
from shared.models.access import Principal
from shared.settings import settings


def accepting(caller: Principal, idempotency_key: str | None, means: Means) -> Accept:
    """Takes an order of this caller."""
    given = _given(caller, idempotency_key, means)
    return partial(handle, limits=Limits.of(settings()), **given)


def repeating(caller: Principal, idempotency_key: str | None, means: Means) -> Again:
    """Computes a batch of this caller once more."""
    return partial(replay, **_given(caller, idempotency_key, means))


def _given(caller: Principal, idempotency_key: str | None, means: Means) -> dict[str, Any]:
    return {
        "idempotency_key": idempotency_key,
        "owner": caller.owner,
        "means": means,
        "ledger": wiring.ledger(),
        "blobs": wiring.blobs(),
        "bus": wiring.bus(),
        "engine": wiring.engine(),
        "clock": wiring.clock(),
        "manifest": wiring.manifest(),
        "roster": wiring.roster(),
        "alignments": wiring.alignments(),
        "quota": quota_of(caller),
    }
