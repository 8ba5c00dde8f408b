"""Where models run: a GPU provider, or a process pool on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True)
class Load:
    """
    How busy the engine is with a model, for all batches together.

    ``size``: how many runs there can be at once, None if the engine cannot tell.
    """

    size: int | None
    running: int
    waiting: int


class Engine(Protocol):
    """
    Starting, asking after and cancelling runs.

    Batches that wait share the engine fairly: each gets runs in proportion to the weight of its
    priority, however many calls another has put in before.
    """

    def spawn(self, order: WorkOrder) -> str:
        """
        Start a run and return its call id at once.

        Raises:
            Unavailable: it certainly did not start.
            Unknown: it may have started.
        """
        ...

    def poll(self, call_id: str) -> CallState:
        """
        How the call stands. Asking twice gives the same answer once it is final.

        Raises:
            Unavailable: the engine did not say; nothing is known of the call.
        """
        ...

    def cancel(self, call_id: str) -> None:
        """
        Stop the run if it is not over; twice is harmless.

        Raises:
            Unavailable: the engine did not answer; the run may go on.
        """
        ...

    def forget(self, batch_id: str, *, limit: int) -> bool:
        """
        Erase up to ``limit`` of a batch's calls, none of which runs; whether none is left to erase.

        An engine that lets calls expire by itself has nothing to erase.
        """
        ...

    def load(self, model: str) -> Load:
        """How busy whatever runs this model is; a hint, out of date when it arrives."""
        ...


@dataclass(frozen=True)
class Run:
    """A model run that is under way, or handed to a worker and next in its turn."""

    call_id: str
    batch_id: str
    job_id: str
    ligand_name: str
    model: str
    started_at: datetime | None


class Runs(Protocol):
    """What an engine is doing; None where it cannot tell."""

    def counts(self) -> Mapping[str, int] | None:
        """How many calls are ``waiting`` and ``running``; a state without calls is left out."""
        ...

    def running(self, *, limit: int) -> list[Run] | None:
        """Runs that were begun and not ended, the longest under way first."""
        ...
