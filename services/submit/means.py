"""What an installation runs its models on."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from shared.settings import Settings


@dataclass(frozen=True)
class Means:
    """
    What runs the models here: the engine, the workers of the pool, models with one of their own, and
    whether alignments are searched.
    """

    engine: str
    workers: int
    own: Collection[str] = ()
    searches: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of this installation."""
        return cls(settings.engine, settings.workers, settings.pythons, bool(settings.msa_server))

    def at_once(self, model: str) -> int:
        """How many runs of a model there are at once here; one where it has a worker of its own."""
        return 1 if model in self.own else self.workers
