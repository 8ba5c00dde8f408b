"""What owners have used of their quotas."""

from collections.abc import Callable
from typing import Protocol

from shared.models.consumption import Consumption

Decide = Callable[[Consumption], Consumption]


class Consumptions(Protocol):
    """
    One small record for each owner. Any method may raise Unavailable or Unknown.

    It changes with a submission and with the end of a batch, never with a request or a ligand.
    """

    def consumption(self, owner: str) -> Consumption:
        """As it stands; nothing of an owner who never had a quota."""
        ...

    def change(self, owner: str, decide: Decide) -> Consumption:
        """
        Put what ``decide`` makes of the record in its place; the record afterwards.

        Of changes at once each sees the one before it. ``decide`` may be asked more than once, and must make
        the same of a record in which its change is. What it raises comes out, and nothing is changed.
        """
        ...
