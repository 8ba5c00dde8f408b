"""A worker process: takes calls from a pipe, runs the attempt, answers on the pipe, posts the webhook."""

import ctypes
import io
import logging
import os
import platform
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

from modal_gpu.attempt import attempt
from modal_gpu.body import machine_name
from modal_gpu.predictors import predictor
from modal_gpu.predictors.base import is_spent
from modal_gpu.recording import MOST_BYTES, Recorder
from modal_gpu.report import Reporter
from modal_gpu.transfer import TIMEOUT, Transfer
from shared.models.work import Envelope, WorkOrder
from shared.ports.world import Key

REPORTS_AT_ONCE = 4
ORPHANED = 75
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Task:
    """A call, as it travels to the worker: the order is JSON."""

    call_id: str
    order: str


@dataclass(frozen=True)
class Beginning:
    """What a worker under a Python of its own is told first; another is started with it."""

    log_file: Path
    cores: frozenset[int]
    key: Key


@dataclass(frozen=True)
class Ready:
    """The worker has started and waits for its first task."""


@dataclass(frozen=True)
class Answer:
    """A call is over; its webhook is under way. The envelope is JSON."""

    call_id: str
    envelope: str


@dataclass(frozen=True)
class Reported:
    """The webhook of an answered call was tried; whether it was taken."""

    call_id: str
    delivered: bool


def work(pipe: Connection, log_file: Path, cores: frozenset[int], key: Key, *, own: bool = False) -> None:
    """
    The life of a worker, on any of ``cores``; it ends when the pipe does, or the runner.

    One with a Python of its own has the machine's GPU, and all threads that its model wants.
    """
    _die_with_parent()
    if cores:
        os.sched_setaffinity(0, cores)
    recorder = _recorder(log_file)
    if not own:
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[name] = "1"
    _Worker(pipe, key, recorder, machine=machine_name() if own else platform.node()).run()


class _Worker:
    """
    Attempts run one after the other; their webhooks beside the next attempt, a few at once.

    The answer goes to the pipe first: the engine's own record is the truth, the webhook is a hint.
    """

    def __init__(self, pipe: Connection, key: Key, recorder: Recorder, machine: str) -> None:
        self._pipe, self._recorder, self._machine = pipe, recorder, machine
        self._sending = threading.Lock()
        # The runner is on this machine: no proxy that the environment names leads there.
        client = httpx.Client(trust_env=False, timeout=TIMEOUT)
        self._transfer = Transfer(client)
        self._reporter = Reporter(key_id=key.id, secret=key.secret, client=client)
        self._reports = ThreadPoolExecutor(REPORTS_AT_ONCE)
        self._room = threading.Semaphore(REPORTS_AT_ONCE)

    def run(self) -> None:
        """Until the runner closes the pipe, or a model is spent: the runner starts another process."""
        try:
            self._send(Ready())
            while self._do(self._pipe.recv()):
                pass
        except (EOFError, ConnectionError):
            return

    def _do(self, task: Task) -> bool:
        """Answer; whether the process can go on."""
        order = WorkOrder.model_validate_json(task.order)
        model = predictor(order.model)
        envelope = attempt(
            order,
            call_id=task.call_id,
            predictor=model,
            transfer=self._transfer,
            recorder=self._recorder,
            machine=self._machine,
        )
        self._send(Answer(task.call_id, envelope.model_dump_json()))
        self._room.acquire()
        self._reports.submit(self._report, envelope, order.webhook_url, task.call_id)
        return not is_spent(model)

    def _report(self, envelope: Envelope, url: str, call_id: str) -> None:
        try:
            delivered = self._reporter.report(envelope, url)
        finally:
            self._room.release()
        self._send(Reported(call_id, delivered))

    def _send(self, message: Ready | Answer | Reported) -> None:
        with self._sending:
            self._pipe.send(message)


def _die_with_parent() -> None:
    """No orphan computes on, however the runner ends; being asked to stop is the runner's affair alone."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":  # ends even a worker that is deep in C++
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent_process() is not None:  # one with a Python of its own follows its pipe
        threading.Thread(target=_follow_parent, name="follow-parent", daemon=True).start()


def _follow_parent() -> None:
    parent = parent_process()
    assert parent is not None, "a worker is always a child of the runner"
    parent.join()
    os._exit(ORPHANED)


def _recorder(log_file: Path) -> Recorder:
    """
    All that Python and C++ print is of the run at hand. What is logged goes to the log.

    What a run said before the process died of it goes there as well, from the file of the predecessor.
    """
    file = open(log_file.with_suffix(".run"), "a+b", buffering=0, opener=_private)  # noqa: SIM115
    log = open(log_file, "ab", buffering=0, opener=_private)  # noqa: SIM115
    log.write(os.pread(file.fileno(), MOST_BYTES, 0))
    file.truncate(0)
    handler = logging.StreamHandler(io.TextIOWrapper(log, encoding="utf-8", write_through=True))
    handler.setLevel(logging.WARNING)
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(format=form, level=logging.WARNING, handlers=[handler])
    return Recorder.for_good(file)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
