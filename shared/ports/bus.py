"""Topics. A published message is delivered at least once, in no order, to every subscription."""

from collections.abc import Sequence
from typing import Protocol

from shared.events.messages import Event


class Bus(Protocol):
    """Publishing. Messages are hints: losing one costs latency, never a result."""

    def publish(self, events: Sequence[Event]) -> None:
        """Hand over all events, or raise Unavailable or Unknown; some may have been accepted then."""
        ...


class DeadLetters(Protocol):
    """Where a message goes that no retry can help."""

    def park(self, topic: str, data: bytes, *, reason: str) -> None:
        """Keep the message with the reason."""
        ...
