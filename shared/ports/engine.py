"""Where models run: a GPU provider, or a process pool on this machine."""

from dataclasses import dataclass
from typing import Protocol

from shared.models.work import Envelope, Failure, WorkOrder


@dataclass(frozen=True)
class Pending:
    """No answer yet. ``started``: None if the engine cannot tell whether it runs or waits."""

    started: bool | None = None


@dataclass(frozen=True)
class Answered:
    """The run returned its envelope, whether or not a webhook came."""

    envelope: Envelope


@dataclass(frozen=True)
class Died:
    """The run ended without an envelope, or is not known."""

    failure: Failure


CallState = Pending | Answered | Died


class Engine(Protocol):
    """Starting, asking after and cancelling runs."""

    def spawn(self, order: WorkOrder) -> str:
        """
        Start a run and return its call id at once.

        Raises:
            Unavailable: it certainly did not start.
            Unknown: it may have started.
        """
        ...

    def poll(self, call_id: str) -> CallState:
        """How the call stands. Asking twice gives the same answer once it is final."""
        ...

    def cancel(self, call_id: str) -> None:
        """Stop the run if it is not over; twice is harmless."""
        ...
