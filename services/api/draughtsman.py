"""
Drawing with a time limit: a short SMARTS, or an odd cage of rings, can keep RDKit busy for years.

RDKit cannot be told to stop, so it draws in a child process, which is ended when its time is over. The child
starts with the first request, as RDKit takes a third of a second to load, and serves all that follow.
"""

import atexit
import json
import selectors
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from services.api.drawing import CannotDraw
from shared.errors import Unavailable

SECONDS = 2.0
SECONDS_TO_START = 20.0
ROOT = Path(__file__).parents[2]
READY = {"smiles": "C", "width": 50, "height": 50}


class Draughtsman:
    """One child, asked one thing at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def draw(self, wanted: Mapping[str, Any]) -> str:
        """
        See ``drawing.drawn``.

        Raises:
            CannotDraw: as there, or it took too long.
            Unavailable: the child died.
        """
        with self._lock:
            if self._child is None or self._child.poll() is not None:
                self.close()
                self._child = self._started()
            told = self._asked(wanted, SECONDS)
        if told is None:
            field = "highlight" if wanted.get("highlight") else "smiles"
            raise CannotDraw(field, f"takes longer than {SECONDS:g} s to draw")
        if "svg" not in told:
            raise CannotDraw(told["field"], told["message"])
        return str(told["svg"])

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()

    def _started(self) -> subprocess.Popen[bytes]:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "services.api.drawing"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        if self._asked(READY, SECONDS_TO_START) is None:
            raise Unavailable("the molecule drawing process does not start")
        assert self._child is not None
        return self._child

    def _asked(self, wanted: Mapping[str, Any], seconds: float) -> dict[str, str] | None:
        """The answer; None, and no more child, if it takes longer."""
        assert self._child is not None
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        try:
            self._child.stdin.write(json.dumps(dict(wanted)).encode() + b"\n")
            line = _line(self._child.stdout, seconds)
        except OSError as error:
            self.close()
            raise Unavailable(f"the molecule drawing process is gone: {error}") from error
        if line is None:
            self.close()
            return None
        answer: dict[str, str] = json.loads(line)
        return answer


def _line(pipe: Any, seconds: float) -> bytes | None:
    """The next line of an unbuffered pipe; None if it does not come within ``seconds`` of silence."""
    found = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(pipe, selectors.EVENT_READ)
        while not found.endswith(b"\n"):
            if not waiting.select(seconds):
                return None
            piece = pipe.read(1 << 16)
            if not piece:
                raise BrokenPipeError("it ended")
            found += piece
    return found


@cache
def draughtsman() -> Draughtsman:
    """The one of this process."""
    made = Draughtsman()
    atexit.register(made.close)
    return made
