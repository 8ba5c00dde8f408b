"""
Work that cannot be told to stop, done by a child process that can be ended.

RDKit listens to no signal that Python handles, but the system ends a process whose timer is over, whatever it
does. The timer is of processor time, which a busy machine does not lengthen. The child starts with the first
call, as it loads its libraries, and serves all that follow; it ends with its parent.
"""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from shared.errors import Unavailable

ROOT = Path(__file__).parents[1]
BEGIN = "import sys; from shared.apart import serve; serve(int(sys.argv[1]))"
FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
"""What a process is ended by that has done nothing wrong."""
SILENT_SECONDS, SILENT_TIMES = 60.0, 20
"""How long an answer is waited for by the clock: so long, and so many times what it may take."""
MEBIBYTE = 1 << 20
_theirs: list[Connection] = []


class GivenUp(Exception):
    """The work was ended: ``why`` goes on from "it"; ``at`` is what it had noted last."""

    def __init__(self, why: str, at: str, seconds: float) -> None:
        super().__init__(why, at, seconds)
        self.why, self.at, self.seconds = why, at, seconds


class Done(NamedTuple):
    """What a call returned, and the seconds of the processor that it took."""

    value: Any
    seconds: float


class _Question(NamedTuple):
    prepare: Callable[[], object]
    function: Callable[..., object]
    arguments: tuple[object, ...]
    seconds: float
    mebibytes: int


class _Lost(Exception):
    """The child was ended from outside."""


def note(what: str) -> None:
    """Say what is begun, in case it is not ended; without effect where nobody listens."""
    for pipe in _theirs:
        pipe.send(("note", what, 0.0))


class Apart:
    """
    One child, asked one thing at a time.

    ``prepare`` is called before each call, without a limit: what it loads counts for none.
    """

    def __init__(self, prepare: Callable[[], object] = int) -> None:
        self._prepare = prepare
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None

    def call(
        self, function: Callable[..., object], *arguments: object, seconds: float, mebibytes: int
    ) -> Done:
        """
        ``function(*arguments)``, which, with its answer and its errors, can be pickled.

        ``mebibytes``: how much memory it may take beside what the child has already.

        Raises:
            GivenUp: it took more time or memory, or crashed.
            Unavailable: the child was ended from outside, twice, or does not answer.
        """
        question = _Question(self._prepare, function, arguments, seconds, mebibytes)
        with self._lock:
            try:
                return self._asked(question)
            except _Lost:
                pass
            try:
                return self._asked(question)
            except _Lost as lost:
                raise Unavailable("a process that looks at molecules was ended") from lost

    def close(self) -> int:
        """End the child; how it ended."""
        child, self._child, pipe, self._pipe = self._child, None, self._pipe, None
        if pipe is not None:
            pipe.close()
        if child is None:
            return 0
        child.kill()  # nothing happens to one that has ended
        return child.wait()

    def _asked(self, question: "_Question") -> Done:
        at, seconds = "", question.seconds
        try:
            pipe = self._standing()
            pipe.send(question)
            while True:
                if not pipe.poll(SILENT_SECONDS + SILENT_TIMES * seconds):
                    self.close()
                    raise Unavailable("a process that looks at molecules does not answer")
                kind, value, used = pipe.recv()
                if kind != "note":
                    break
                at = value
        except (EOFError, ConnectionError) as error:
            raise self._ended(at, seconds) from error
        if kind == "answer":
            return Done(value, used)
        if isinstance(value, MemoryError):
            self.close()
            raise GivenUp(f"takes more than {question.mebibytes} MiB of memory", at, seconds)
        raise value

    def _standing(self) -> Connection:
        if self._pipe is None:
            self._pipe, theirs = Pipe()
            with theirs:
                self._child = subprocess.Popen(
                    [sys.executable, "-c", BEGIN, str(theirs.fileno())],
                    cwd=ROOT,
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
        return self._pipe

    def _ended(self, at: str, seconds: float) -> Exception:
        if self._child is not None:
            self._child.wait()
        code = -self.close()
        if code == signal.SIGPROF:
            return GivenUp(f"takes longer than {seconds:g} s", at, seconds)
        if code <= 0 or code in FROM_OUTSIDE:
            return _Lost(code)
        return GivenUp(f"makes the program that looks at it crash ({signal.Signals(code).name})", at, seconds)


def serve(handle: int) -> None:
    """Answer until the other end is closed. What a child does."""
    _settle()
    with Connection(handle) as pipe:
        _theirs.append(pipe)
        while True:
            try:
                prepare, function, arguments, seconds, mebibytes = pipe.recv()
            except (EOFError, ConnectionError):
                return
            prepare()
            _bound(mebibytes * MEBIBYTE)
            begun = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, seconds)
            try:
                kind, value = "answer", function(*arguments)
            except Exception as error:  # the caller's to handle: it is raised again there
                kind, value = "raised", error
            signal.setitimer(signal.ITIMER_PROF, 0)
            pipe.send((kind, value, time.process_time() - begun))


def _settle() -> None:
    """The process that started this one may keep itself to one core (ADR 0007), or ignore the timer."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: the parent decides
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _bound(space: int) -> None:
    """So many bytes more than it has now; where the system does not tell that, no bound."""
    sizes = Path("/proc/self/statm")
    if sizes.exists():
        has = int(sizes.read_text().split()[0]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        wanted = has + space
        resource.setrlimit(resource.RLIMIT_AS, (wanted if most < 0 else min(wanted, most), most))
