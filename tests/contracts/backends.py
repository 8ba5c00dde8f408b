"""What a backend must offer to be put under the contract suites."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from shared.adapters.local.bus import Delivery
from shared.models.work import Envelope
from shared.ports.blobs import Blobs
from shared.ports.bus import Bus, DeadLetter, DeadLetters, Queues
from shared.ports.consumptions import Consumptions
from shared.ports.engine import Engine, Runs
from shared.ports.hooks import Hooks
from shared.ports.keys import Keys
from shared.ports.ledger import Ledger
from shared.ports.world import Secrets
from tests.support.world import HandClock

TOPICS = {"job-queued": ("dispatch", "audit"), "job-finished": ("complete",), "batch-finished": ()}


class Subscriber(Protocol):
    """The other end of the bus."""

    def lease(self, subscription: str, *, limit: int, visibility: timedelta) -> list[Delivery]:
        """Due messages, hidden from others for ``visibility``."""
        ...

    def acknowledge(self, delivery: Delivery) -> None:
        """The message is done with."""
        ...

    def refuse(self, delivery: Delivery, *, reason: str, most: int) -> None:
        """Deliver it again later, or park it after ``most`` deliveries."""
        ...

    def dead_letters(self) -> list[DeadLetter]:
        """What was parked, oldest first."""
        ...


class Machine(Protocol):
    """The inside of an engine: it takes calls and answers them."""

    def begin(self) -> list[str]:
        """Take every waiting call; their ids, oldest first."""
        ...

    def end(self, answers: Sequence[tuple[str, Envelope]]) -> None:
        """These calls returned."""
        ...


class Backend(Protocol):
    """The ports that every backend has, empty, and the clock by which they stamp."""

    ledger: Ledger
    hooks: Hooks
    blobs: Blobs
    bus: Bus
    dead_letters: DeadLetters
    queues: Queues
    subscriber: Subscriber
    secrets: Secrets
    keys: Keys
    consumptions: Consumptions
    clock: HandClock

    def wait(self, span: timedelta) -> None:
        """Let time pass, also for what has a clock of its own; real seconds, perhaps."""
        ...


class EngineRoom(Protocol):
    """The ports of one engine, idle, and its inside; ``wait`` lets its time pass."""

    engine: Engine
    runs: Runs
    machine: Machine

    def wait(self, span: timedelta) -> None:
        """Let time pass."""
        ...
