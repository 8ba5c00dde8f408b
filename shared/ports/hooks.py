"""
Where owners want to be told of their batches, and what has been brought there.

Changes are conditional: ``decide`` is given the record as it stands and says how it should be, or None for
no change. It is pure, and may be asked several times while others change the record too.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from shared.models.hooks import Delivery, Endpoint


class Hooks(Protocol):
    """Endpoints and deliveries. Any method may raise Unavailable or Unknown, as those of the ledger."""

    def add(self, endpoint: Endpoint, *, most: int) -> bool:
        """Keep a new endpoint; False if its owner has ``most`` (who adds several at once may get more)."""
        ...

    def add_to_batch(self, endpoint: Endpoint) -> None:
        """Keep the endpoint of a batch, unless it is kept; it is not among those of its owner."""
        ...

    def endpoint(self, endpoint_id: str) -> Endpoint:
        """Raise NotFound if there is none."""
        ...

    def endpoints(self, owner: str, *, limit: int) -> list[Endpoint]:
        """Those of an owner, oldest first; costs no more than there are."""
        ...

    def change_endpoint(
        self, endpoint_id: str, decide: Callable[[Endpoint], Endpoint | None]
    ) -> Endpoint | None:
        """The endpoint as it was changed; None if it is not there, or no change was wanted."""
        ...

    def remove(self, endpoint_id: str) -> None:
        """Forget an endpoint. Its deliveries find nobody, and age."""
        ...

    def note(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Keep those whose id is new, and return them."""
        ...

    def delivery(self, delivery_id: str) -> Delivery:
        """Raise NotFound if there is none."""
        ...

    def deliveries(self, endpoint_id: str, *, limit: int, after: str | None = None) -> list[Delivery]:
        """A page, newest first, that starts behind the delivery ``after``; empty if that is not there."""
        ...

    def change_delivery(
        self, delivery_id: str, decide: Callable[[Delivery], Delivery | None]
    ) -> Delivery | None:
        """The delivery as it was changed; None if it is not there, or no change was wanted."""
        ...

    def due(self, now: datetime, *, limit: int) -> list[Delivery]:
        """Deliveries whose ``due_at`` has come, the longest due first."""
        ...

    def forget_batch(self, batch_id: str, *, limit: int) -> bool:
        """Erase up to ``limit`` deliveries about a batch, and its endpoints; whether no delivery is left."""
        ...

    def forget_before(self, time: datetime, *, limit: int) -> int:
        """Erase up to ``limit`` deliveries that were made before; how many it were."""
        ...
