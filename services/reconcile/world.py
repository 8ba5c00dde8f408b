"""What every step of ``reconcile`` works with, and what it reports."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from shared.models.base import Frozen
from shared.ports.blobs import Blobs
from shared.ports.bus import Bus, DeadLetters
from shared.ports.engine import Engine, Load
from shared.ports.ledger import Ledger
from shared.ports.world import Clock
from shared.settings import Settings
from shared.steps.manifest import Manifest
from shared.steps.roster import Roster


@dataclass(frozen=True)
class Patience:
    """
    How long something may be silent before it is announced again.

    ``quiet``: a message; ``poll``: between two questions after a run; ``aggregation``: the lease of
    who writes artefacts; ``most_claims``: leases of one attempt that may end without a call before the
    attempt counts as failed.
    """

    quiet: timedelta
    poll: timedelta
    aggregation: timedelta
    most_claims: int = 5

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The patience of this installation."""
        return cls(
            quiet=settings.seconds("quiet"),
            poll=settings.seconds("poll"),
            aggregation=settings.seconds("aggregate_lease"),
        )


@dataclass(frozen=True)
class World:
    """The ports and the patience of one pass, in which the load of a model is looked at once."""

    ledger: Ledger
    blobs: Blobs
    bus: Bus
    letters: DeadLetters
    engine: Engine
    manifest: Manifest
    roster: Roster
    clock: Clock
    patience: Patience
    loads: dict[str, Load] = field(default_factory=dict)

    def load(self, model: str) -> Load:
        """How busy the engine was with a model when this pass first asked."""
        if model not in self.loads:
            self.loads[model] = self.engine.load(model)
        return self.loads[model]

    def now(self) -> datetime:
        """The time."""
        return self.clock.now()


class Finding(Frozen):
    """Something that was stuck: where, why, and what was done about it."""

    batch_id: str
    job_id: str | None = None
    reason: str
    action: str
