"""The part of the ledger that looks at many batches at once, or at one with a glance."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from shared.models.batch import Batch
from shared.models.facts import Closing, Intents, Leaf, Round


class Seal(NamedTuple):
    """
    Whose a batch is, and the ``mark`` of a finished one; None while it is open.

    All that can be read of a finished batch is the same under the same mark, until it is deleted.
    """

    owner: str
    mark: str | None


class Listed(NamedTuple):
    """
    A batch as a list has it at hand: what is wanted of it, how its latest round was closed, if it was,
    and its seal.
    """

    batch: Batch
    intents: Intents
    closing: Closing | None
    seal: Seal


class Course(NamedTuple):
    """How a round goes: its end, if it has come, its leaves, and how many ligands are in flight."""

    closing: Closing | None
    leaves: list[Leaf]
    in_flight: int


class Courses(Protocol):
    """Rounds of many batches, looked at together."""

    def courses(self, rounds: Sequence[Round]) -> list[Course]:
        """
        How these rounds go, in their order; ``rounds`` may be of any batches.

        The closings are read first: counters only grow, so a closed round is never shown as open. How
        often the store is asked does not depend on how many rounds are closed.
        """
        ...
