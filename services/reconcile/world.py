"""What every step of ``reconcile`` works with, and what it reports."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from shared.models.base import Frozen
from shared.ports.bus import Bus
from shared.ports.engine import Engine
from shared.ports.ledger import Ledger
from shared.ports.world import Clock
from shared.settings import Settings


@dataclass(frozen=True)
class Patience:
    """
    How long something may be silent before it is announced again.

    ``quiet``: a message; ``poll``: between two questions after a run; ``most_claims``: leases of one
    attempt that may end without a call before the attempt counts as failed.
    """

    quiet: timedelta
    poll: timedelta
    most_claims: int = 5

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The patience of this installation."""
        return cls(quiet=settings.seconds("quiet"), poll=settings.seconds("poll"))


@dataclass(frozen=True)
class World:
    """The ports, and the patience."""

    ledger: Ledger
    bus: Bus
    engine: Engine
    clock: Clock
    patience: Patience

    def now(self) -> datetime:
        """The time."""
        return self.clock.now()


class Finding(Frozen):
    """Something that was stuck: where, why, and what was done about it."""

    batch_id: str
    job_id: str | None = None
    reason: str
    action: str
