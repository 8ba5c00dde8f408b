"""
A worker under a Python of its own: some models need other versions of packages than this project.

It speaks the protocol of every worker, over a pair of sockets. What it is to know beside its orders, the
key of the webhook above all, comes as its first message and stands in no argument.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from socket import socketpair

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Own:
    """A model that runs under ``python``, on the one GPU that is named, if any."""

    model: str
    python: Path
    gpu: str | None = None

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """
        That of its worker: our source can be imported, and other GPUs cannot be seen.

        Nothing else of this process's Python gets in.
        """
        kept = {key: value for key, value in given.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
        seen = {} if self.gpu is None else {"CUDA_VISIBLE_DEVICES": self.gpu}
        return kept | seen | {"PYTHONPATH": str(ROOT)}


class ForeignProcess:
    """The process, as its supervisor treats every worker; its end is seen on its pipe."""

    def __init__(self, own: Own) -> None:
        ours, theirs = socketpair()
        command = [str(own.python), "-m", "local.foreign", str(theirs.fileno())]
        try:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=own.environment(os.environ),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        finally:
            theirs.close()
        self.pipe = Connection(ours.detach())

    @property
    def sentinel(self) -> None:
        """There is none."""
        return None

    @property
    def exitcode(self) -> int | None:
        """As ``multiprocessing`` tells it."""
        return self._process.poll()

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it whatever it does."""
        self._process.kill()

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, that long."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)

    def close(self) -> None:
        """It is over; nothing of it is kept."""


def main() -> None:
    """The process itself: its first message is what ``work`` is given."""
    from local.worker import Beginning, work

    pipe = Connection(int(sys.argv[1]))
    beginning: Beginning = pipe.recv()
    work(pipe, beginning.log_file, beginning.cores, beginning.key, own=True)


if __name__ == "__main__":
    main()
