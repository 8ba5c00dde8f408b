"""
No process that was started here outlives the one that started it, however that ends.

A small process, run from this file, reads from a pipe which process groups there are. The pipe ends with
its writer, be that by SIGKILL, and what is still held then is killed.
"""

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache


def hold(group: int) -> None:
    """The process group ends with this process."""
    _tell(f"+{group}\n")


def release(group: int) -> None:
    """The process group is gone; its number may belong to another soon."""
    _tell(f"-{group}\n")


def end(group: int) -> None:
    """Kill whoever is in the process group."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _tell(line: str) -> None:
    pipe = _watcher().stdin
    assert pipe is not None, "it was started with a pipe"
    os.write(pipe.fileno(), line.encode())


@cache
def _watcher() -> "subprocess.Popen[bytes]":
    # Isolated and without site-packages: it starts in no time, and imports nothing of ours.
    command = (sys.executable, "-I", "-S", __file__)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    atexit.register(process.communicate)
    return process


def _watch(lines: Iterable[str]) -> None:
    held: set[int] = set()
    for line in lines:
        change = held.add if line[0] == "+" else held.discard
        change(int(line[1:]))
    for group in held:
        end(group)


if __name__ == "__main__":
    _watch(sys.stdin)
