"""A server program as a child of this process."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from local.cloud import leash

ADDRESS = "127.0.0.1"
START_SECONDS = 90.0
STOP_SECONDS = 10.0
LOOK_SECONDS = 0.05


class Child:
    """
    A program in a process group of its own; a context manager. ``ready`` says whether it can be used.

    ``command`` may be changed before it is launched again.

    What it prints goes to ``log``. Without ``environment`` it has that of this process.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        ready: Callable[[], bool],
        log: Path,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.command = command
        self._ready = ready
        self._log = log
        self._folder = folder
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id, which is also the number of its group."""
        assert self._process is not None, f"{self.name} was not launched"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it was launched and has not ended."""
        return self._process is not None and self._process.poll() is None

    def launch(self) -> None:
        """Begin to start it."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=self._environment,
                start_new_session=True,
            )
        leash.hold(self._process.pid)

    def wait(self) -> None:
        """Return once it is ready; TimeoutError if it ended or does not become so."""
        end = time.monotonic() + START_SECONDS
        while not self._ready():
            if not self.is_running or time.monotonic() > end:
                self.kill()
                raise TimeoutError(f"{self.name} did not start; its log is {self._log}")
            time.sleep(LOOK_SECONDS)

    def start(self) -> None:
        """Return once it is ready; TimeoutError if it does not become so."""
        self.launch()
        self.wait()

    def stop(self) -> None:
        """Ask it to end; kill it if it does not."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it and what it started, whatever they do."""
        if self._process is None:
            return
        leash.end(self._process.pid)
        self._process.wait()
        leash.release(self._process.pid)
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def accepts(port: int) -> bool:
    """Whether somebody listens on a port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((ADDRESS, port)) == 0


def free_port() -> int:
    """A port of the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port


def inherited() -> dict[str, str]:
    """What a program needs of this process's environment to run at all."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR", "TZ") if name in os.environ}
