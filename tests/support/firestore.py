"""What the tests on the Firestore emulator share: ledgers, and a network that loses things."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from local.cloud.relay import Loss, Relay

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from shared.adapters.gcp.ledger import FirestoreLedger

Clients = Callable[..., "Client"]
Ledgers = Callable[..., "FirestoreLedger"]
Relays = Callable[..., Relay]


class Network:
    """Loses what it is told to lose of a commit to come."""

    def __init__(self) -> None:
        self._loss: Loss | None = None
        self._skip = 0
        self.struck = 0

    def strike(self, loss: Loss, *, skip: int = 0) -> None:
        """Once, at the next commit or the one behind ``skip`` others."""
        self._loss, self._skip = loss, skip

    def __call__(self, method: str, request: bytes) -> Loss | None:
        """What is lost of this call."""
        if method != "Commit" or self._loss is None:
            return None
        if self._skip:
            self._skip -= 1
            return None
        loss, self._loss = self._loss, None
        self.struck += 1
        return loss
