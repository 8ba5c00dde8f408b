"""A worker as its supervisor sees it."""

import multiprocessing
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from local.foreign import ForeignProcess, Own
from local.worker import Answer, Beginning, Ready, Reported, Task, work
from shared.adapters.local.calls import Call
from shared.models.work import Envelope
from shared.ports.world import Key

SHORT_SECONDS = 0.05
AHEAD = 16
RESTART_SECONDS = 1.0
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Estate:
    """What a dead worker leaves: why it died, the calls it held, and answers whose webhook is open."""

    reason: str
    calls: list[Call]
    unreported: list[tuple[Envelope, str]]


@dataclass
class _Life:
    """One process and our end of its pipe."""

    process: SpawnProcess | ForeignProcess
    pipe: Connection
    ready: bool = False


class WorkerProcess:
    """
    The process, its pipe, and the calls it was handed: the first one runs, the others wait behind it.

    More than one is handed over only while calls of the same model take next to no time, so that the
    worker need not wait for the supervisor between them.
    """

    def __init__(
        self, number: int, *, logs: Path, cores: frozenset[int], key: Key, own: Own | None = None
    ) -> None:
        self.log_file = logs / f"worker-{number}.log"
        self.own = own
        self.calls: dict[str, Call] = {}
        self.unreported: dict[str, tuple[Envelope, str]] = {}
        self.begun_at = datetime.now(UTC)
        self._begun = 0.0
        self._last_model, self._last_seconds = "", 0.0
        self._cores = cores
        self._key = key
        self._life: _Life | None = None
        self._start_after = 0.0

    def start(self) -> None:
        """A fresh process without calls; not yet, if its predecessor did not even become ready."""
        if time.monotonic() < self._start_after:
            return
        if self.own is not None:
            self._life = self._foreign(self.own)
            return
        ours, theirs = _SPAWN.Pipe()
        given = (theirs, self.log_file, self._cores, self._key)
        process = _SPAWN.Process(target=work, args=given, daemon=True)
        process.start()
        theirs.close()
        self._life = _Life(process, ours)

    def _foreign(self, own: Own) -> _Life:
        process = ForeignProcess(own)
        with suppress(ConnectionError):  # has_ended will tell
            process.pipe.send(Beginning(self.log_file, self._cores, self._key))
        return _Life(process, process.pipe)

    @property
    def waitables(self) -> list[Connection | int]:
        """What becomes ready when there is something to receive, or when the process ends."""
        if self._life is None:
            return []
        sentinel = self._life.process.sentinel
        return [self._life.pipe] if sentinel is None else [self._life.pipe, sentinel]

    @property
    def has_process(self) -> bool:
        """Whether it was started and not yet buried."""
        return self._life is not None

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._life is not None and not self._life.process.is_alive()

    @property
    def head(self) -> Call | None:
        """The call that runs."""
        return next(iter(self.calls.values()), None)

    @property
    def room(self) -> int:
        """How many more calls it should be handed."""
        if self._life is None or not self._life.ready:
            return 0
        short = self._last_model and self._last_seconds < SHORT_SECONDS
        return max(0, (AHEAD if short else 1) - len(self.calls))

    def takes(self, call: Call) -> bool:
        """Whether there is room for this very call."""
        return self.room > 0 and (not self.calls or call.order.model == self._last_model)

    def hand(self, call: Call) -> None:
        """Give it a call; if the process has just died, the call counts as the one it died of."""
        assert self._life is not None, "only a worker with room is handed a call"
        if not self.calls:
            self._begin()
        self.calls[call.call_id] = call
        with suppress(ConnectionError):  # has_ended will tell
            self._life.pipe.send(Task(call.call_id, call.order.model_dump_json()))

    def receive(self) -> Iterator[tuple[str, Envelope]]:
        """The calls that were answered since the last look."""
        while self._life is not None and (message := _next(self._life.pipe)) is not None:
            match message:
                case Ready():
                    self._life.ready = True
                case Answer(call_id, text):
                    yield call_id, self._answered(call_id, Envelope.model_validate_json(text))
                case Reported(call_id):
                    self.unreported.pop(call_id, None)

    def overdue(self, most_seconds: float) -> float | None:
        """The limit in seconds that the running call has exceeded, if it has."""
        if self.head is None:
            return None
        limit = min(self.head.order.timeout_seconds, most_seconds)
        return limit if time.monotonic() - self._begun > limit else None

    def kill(self) -> None:
        """End the process whatever it does, and wait for that."""
        if self._life is not None:
            self._life.process.kill()
            self._life.process.join()

    def dismiss(self) -> None:
        """Ask the process to end once its run is over."""
        if self._life is not None:
            self._life.pipe.close()

    def wait(self, seconds: float) -> None:
        """Give a dismissed process that long, then kill it."""
        if self._life is not None:
            self._life.process.join(seconds)
            self.kill()

    def bury(self) -> Estate:
        """What the process leaves; afterwards there is none until ``start``."""
        assert self._life is not None, "only what lived is buried"
        reason = f"{_obituary(self._life.process.exitcode)}; its log is {self.log_file.name}"
        estate = Estate(reason, list(self.calls.values()), list(self.unreported.values()))
        if not self._life.ready:
            self._start_after = time.monotonic() + RESTART_SECONDS
        self._life.pipe.close()
        self._life.process.close()
        self._life = None
        self.calls.clear()
        self.unreported.clear()
        return estate

    def _answered(self, call_id: str, envelope: Envelope) -> Envelope:
        call = self.calls.pop(call_id)
        self._last_model, self._last_seconds = call.order.model, envelope.seconds
        self.unreported[call_id] = (envelope, call.order.webhook_url)
        self._begin()
        return envelope

    def _begin(self) -> None:
        self._begun, self.begun_at = time.monotonic(), datetime.now(UTC)


def _next(pipe: Connection) -> Ready | Answer | Reported | None:
    """The next message, or None if there is none now; a broken pipe has none, and ``has_ended`` tells."""
    with suppress(EOFError, ConnectionError):
        if pipe.poll():
            message: Ready | Answer | Reported = pipe.recv()
            return message
    return None


def _obituary(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        hint = " (out of memory?)" if name == "SIGKILL" else ""
        return f"the worker process was ended by {name}{hint}"
    return f"the worker process ended with exit code {exit_code}"
