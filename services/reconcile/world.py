"""What every step of ``reconcile`` works with, and what it reports."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self, TypeVar

from shared.errors import TransientError
from shared.models.base import Frozen
from shared.ports.blobs import Blobs
from shared.ports.bus import Bus, DeadLetters
from shared.ports.engine import Engine, Load
from shared.ports.ledger import Ledger
from shared.ports.world import Clock
from shared.settings import Settings
from shared.steps.alignments import Alignments
from shared.steps.manifest import Manifest
from shared.steps.notices import Notices
from shared.steps.roster import Roster

log = logging.getLogger("omtx")
T = TypeVar("T")


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
    """
    The ports and the patience of one pass, in which the load of a model is looked at once.

    ``outages``: how the engine failed to answer in this pass.
    """

    ledger: Ledger
    blobs: Blobs
    bus: Bus
    letters: DeadLetters
    engine: Engine
    manifest: Manifest
    roster: Roster
    alignments: Alignments
    notices: Notices
    clock: Clock
    patience: Patience
    loads: dict[str, Load] = field(default_factory=dict)
    outages: list[str] = field(default_factory=list)

    def load(self, model: str) -> Load | None:
        """How busy the engine was with a model when this pass first asked; None if it did not say."""
        if model not in self.loads:
            found = self.engine_answers(lambda: self.engine.load(model))
            if found is None:
                return None
            self.loads[model] = found
        return self.loads[model]

    def engine_answers(self, question: Callable[[], T]) -> T | None:
        """
        What the engine says; None if it does not answer, and then it is not asked again in this pass.

        Nothing is concluded from its silence, and whatever does not need it goes on.
        """
        if self.outages:
            return None
        try:
            return question()
        except TransientError as error:
            log.warning("the engine does not answer: %s", error)
            self.outages.append(str(error))
            return None

    def now(self) -> datetime:
        """The time."""
        return self.clock.now()


class Finding(Frozen):
    """Something that was stuck: where, why, and what was done about it."""

    batch_id: str
    job_id: str | None = None
    reason: str
    action: str
