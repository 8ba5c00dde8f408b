"""
What one run says, in the order in which it is said: what the process prints and what it logs.

The programs behind a model print from C and from Python, so the process's own stdout and stderr are
led into a file. One run at a time; other threads may log meanwhile, and are not
recorded.
"""

import atexit
import ctypes
import logging
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import IO, Self

MOST_BYTES = 192 * 1024
STREAMS = (1, 2)
# Of a URL, the path alone: the rest of a signed one is a credential.
QUERY = re.compile(rb"(https?://[^\s?\"'<>]+)\?[^\s\"'<>]+")
SIGNATURE = re.compile(rb"(?i)(signature|credential|token)=[^\s&\"'<>]+")
LIBC = ctypes.CDLL(None)

log = logging.getLogger("omtx.run")
log.setLevel(logging.INFO)


class Recorder:
    """
    One file, used again for each run.

    It leads stdout and stderr there for the time of a run; ``Recorder.for_good`` until the process ends.
    """

    def __init__(self, file: IO[bytes] | None = None) -> None:
        self._file = file or tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self._for_good = False

    @classmethod
    def for_good(cls, file: IO[bytes]) -> Self:
        """For a process that does nothing but runs: each costs less, and ``file`` outlives a crash."""
        recorder = cls(file)
        recorder._for_good = True
        for stream in STREAMS:
            os.dup2(file.fileno(), stream)
        return recorder

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record what follows, in place of what was recorded before."""
        handle = self._file.fileno()
        if os.fstat(handle).st_size:
            os.ftruncate(handle, 0)
            os.lseek(handle, 0, os.SEEK_SET)  # all descriptors that lead here share the place
        lines = _Lines(handle)
        with nullcontext() if self._for_good else _led_to(handle):
            logging.getLogger().addHandler(lines)
            try:
                yield
            finally:
                logging.getLogger().removeHandler(lines)
                _flush()

    def close(self) -> None:
        """Record no more."""
        self._file.close()

    def said(self) -> bytes:
        """What was recorded, at most 192 KiB of it, cut in the middle with a mark; no signed URL in it."""
        return SIGNATURE.sub(rb"\1=...", QUERY.sub(rb"\1?...", _cut(self._file.fileno(), MOST_BYTES)))


@cache
def process_recorder() -> Recorder:
    """The one of this process, which makes its runs one after the other."""
    recorder = Recorder()
    atexit.register(recorder.close)
    return recorder


@contextmanager
def stage(name: str) -> Iterator[None]:
    """A step of a run, which is logged with the time it took."""
    began = time.perf_counter()
    try:
        yield
    except BaseException as error:
        log.info("%s: ended by %s after %.3f s", name, type(error).__name__, time.perf_counter() - began)
        raise
    log.info("%s: %.3f s", name, time.perf_counter() - began)


class _Lines(logging.Handler):
    """Records of this thread as lines, each led by the seconds since the run began."""

    def __init__(self, handle: int) -> None:
        super().__init__()
        self._handle, self._thread, self._began = handle, threading.get_ident(), time.perf_counter()

    def emit(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler.emit``."""
        if record.thread != self._thread:
            return
        level = "" if record.levelno <= logging.INFO else f"{record.levelname} {record.name}: "
        line = f"[{time.perf_counter() - self._began:9.3f} s] {level}{self.format(record)}\n"
        os.write(self._handle, line.encode(errors="backslashreplace"))


@contextmanager
def _led_to(handle: int) -> Iterator[None]:
    """Lead stdout and stderr there, for C and Python alike: both write to the same two descriptors."""
    _flush()
    kept = [os.dup(stream) for stream in STREAMS]
    try:
        for stream in STREAMS:
            os.dup2(handle, stream)
        yield
    finally:
        for stream, before in zip(STREAMS, kept, strict=True):
            os.dup2(before, stream)
            os.close(before)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    LIBC.fflush(None)


def _cut(handle: int, most: int) -> bytes:
    """The file; of a longer one, its beginning and its end."""
    size = os.fstat(handle).st_size
    if size <= most:
        return os.pread(handle, size, 0)
    half = most // 2
    mark = b"\n[... %d bytes are left out here ...]\n" % (size - 2 * half)
    return os.pread(handle, half, 0) + mark + os.pread(handle, half, size - half)
