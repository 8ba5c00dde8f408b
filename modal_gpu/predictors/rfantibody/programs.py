"""Running somebody else's program within a time limit: its words kept, all its processes ended."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from modal_gpu.predictors.base import PredictionFailed
from shared.models.work import FailureClass

GRACE_SECONDS = 5.0
MOST_SAID = 64 * 1024

log = logging.getLogger("omtx.run")


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit status, negative for a signal, and the last of what it said."""

    program: str
    status: int
    said: str


@dataclass
class Programs:
    """
    The programs of one run, which share ``environment``, ``folder`` and a time limit of ``seconds``.

    The limit runs from when this is made; None is none.
    """

    environment: Mapping[str, str]
    folder: Path
    seconds: float | None
    clock: Callable[[], float] = time.monotonic
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def run(self, command: Sequence[str]) -> Ended:
        """
        Run a command to its end.

        Raises:
            PredictionFailed: timeout if it does not end in time, infrastructure if it cannot be started.
        """
        name = command[0]
        log.info("$ %s", " ".join(command))
        said = self.folder / f"{name}.log"
        with said.open("wb") as out, self._started(command, out) as process:
            try:
                process.wait(self._left())
            except subprocess.TimeoutExpired:
                raise PredictionFailed(
                    FailureClass.TIMEOUT, f"{name} was still running when the time of the run was over"
                ) from None
            finally:
                _end(process)
                _repeat(said)
        return Ended(name, process.returncode, _tail(said))

    def _started(self, command: Sequence[str], out: IO[bytes]) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=dict(self.environment),
                start_new_session=True,
            )
        except OSError as error:
            raise PredictionFailed(
                FailureClass.INFRASTRUCTURE, f"{command[0]} cannot be started: {error}"
            ) from error

    def _left(self) -> float | None:
        return None if self.seconds is None else max(0.0, self.seconds - (self.clock() - self._began))


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the program and all that it started, which is its process group; first politely."""
    for kind, patience in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, kind)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)


def _repeat(said: Path) -> None:
    """What the program said, into the log of the run."""
    sys.stdout.write(_tail(said))
    sys.stdout.flush()


def _tail(said: Path) -> str:
    content = said.read_bytes()
    return content[-MOST_SAID:].decode(errors="replace")
