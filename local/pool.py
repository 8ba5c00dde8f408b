"""
The process pool behind the embedded engine: a supervisor thread and its workers.

A worker that dies or hangs costs one attempt of one ligand: the supervisor answers for it, with the
same record and the same signed webhook, and starts another.
"""

import logging
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.connection import wait
from pathlib import Path

import httpx

from local.foreign import Own
from local.process import WorkerProcess
from local.readdress import readdressed
from modal_gpu.report import Reporter
from shared.adapters.local.calls import Call, SqliteCalls
from shared.errors import TransientError
from shared.models.work import Envelope, Failure, FailureClass
from shared.ports.world import Key

log = logging.getLogger("omtx.pool")
LOOK_SECONDS = 0.2
PAUSE_SECONDS = 0.004
PRUNE_SECONDS = 60.0
PRUNED_AT_ONCE = 500
GRACE_SECONDS = 5.0
FAREWELL_SECONDS = 1.0


class Pool:
    """
    Works off the calls with ``size`` workers.

    ``cores`` are those the workers may use (none given: all); ``base_url`` is where this runner is
    reached; ``most_run_seconds`` caps the limit of every order. ``own``: a further worker for each, which
    runs nothing but its model, and whose model no other runs.
    """

    def __init__(
        self,
        calls: SqliteCalls,
        *,
        size: int,
        logs: Path,
        cores: frozenset[int],
        key: Key,
        base_url: str,
        most_run_seconds: float,
        own: Sequence[Own] = (),
    ) -> None:
        self._calls = calls
        self._base_url = base_url
        self._most_run_seconds = most_run_seconds
        self._workers = [
            WorkerProcess(number, logs=logs, cores=cores, key=key) for number in range(1, size + 1)
        ]
        self._workers += [
            WorkerProcess(number, logs=logs, cores=cores, key=key, own=it)
            for number, it in enumerate(own, start=size + 1)
        ]
        self._own_models = Counter(it.model for it in own)
        self._backlog: deque[Call] = deque()
        self._answers: list[tuple[str, Envelope]] = []
        self._reporter = Reporter(key_id=key.id, secret=key.secret, client=httpx.Client(trust_env=False))
        self._reports = ThreadPoolExecutor(2, thread_name_prefix="report")
        self._bell = Bell()
        self._next_look = self._next_prune = 0.0
        self._stop_by: float | None = None
        # The workers are started on this thread and end with it, see ``worker._die_with_parent``.
        self._thread = threading.Thread(target=self._supervise, name="pool", daemon=True)

    def start(self) -> None:
        """Begin; also with what was running when the last runner died."""
        self._calls.restart_interrupted()
        self._calls.staff(self._own_models)
        self._calls.on_spawn = self._bell.ring
        self._thread.start()

    def stop(self) -> None:
        """Take no new call; runs that do not end within the grace are run again at the next start."""
        self._stop_by = time.monotonic() + GRACE_SECONDS
        self._bell.ring()
        self._thread.join()
        self._reports.shutdown()
        self._reporter.close()
        self._bell.close()

    def _supervise(self) -> None:
        while self._stop_by is None or self._may_wait_on(self._stop_by):
            try:
                self._turn()
            except TransientError:
                log.exception("the state does not answer; trying again")
                time.sleep(LOOK_SECONDS)
        for worker in self._workers:
            worker.dismiss()
        end = time.monotonic() + FAREWELL_SECONDS
        for worker in self._workers:
            worker.wait(max(0.0, end - time.monotonic()))

    def _may_wait_on(self, end: float) -> bool:
        busy = self._answers or any(worker.calls or worker.unreported for worker in self._workers)
        return bool(busy) and time.monotonic() < end

    def _turn(self) -> None:
        """Wait until something happens, and a little longer; then see to everything that may have."""
        wait([self._bell.socket, *(it for worker in self._workers for it in worker.waitables)], LOOK_SECONDS)
        time.sleep(PAUSE_SECONDS)
        self._bell.clear()
        for worker in self._workers:
            self._look_after(worker)
        if self._answers:
            self._calls.answer(self._answers)
            self._answers.clear()
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_SECONDS
            self._kill_cancelled()
            self._prune()
        if self._stop_by is None:
            self._feed()

    def _look_after(self, worker: WorkerProcess) -> None:
        ended = worker.has_ended  # asked first: what it sent before its end is received below
        self._answers += worker.receive()
        limit = worker.overdue(self._most_run_seconds)
        if worker.is_spent:
            log.warning("worker replaced: a model has broken its process")
            self._take_back(worker)
        elif ended:
            self._replace(worker, FailureClass.INFRASTRUCTURE)
        elif limit is not None:
            worker.kill()
            self._replace(worker, FailureClass.TIMEOUT, f"the run took longer than {limit:g} seconds")
        elif not worker.has_process and self._stop_by is None:
            worker.start()

    def _replace(self, worker: WorkerProcess, kind: FailureClass, message: str | None = None) -> None:
        """Bury the worker and answer for the call it died of; its other calls go to others."""
        begun_at, estate = worker.begun_at, worker.bury()
        log.warning("worker replaced: %s", message or estate.reason)
        for envelope, url in estate.unreported:
            self._reports.submit(self._reporter.report, envelope, url)
        if estate.calls:
            failure = Failure(kind=kind, message=message or estate.reason)
            self._answer_for(estate.calls[0], failure, begun_at)
        self._backlog.extendleft(reversed(estate.calls[1:]))

    def _answer_for(self, call: Call, failure: Failure, begun_at: datetime) -> None:
        envelope = Envelope(
            ref=call.order.ref,
            call_id=call.call_id,
            status="failed",
            failure=failure,
            seed=call.order.seed,
            trace=call.order.trace,
            started_at=begun_at,
            finished_at=datetime.now(UTC),
        )
        self._answers.append((call.call_id, envelope))
        self._reports.submit(self._reporter.report, envelope, call.order.webhook_url)

    def _kill_cancelled(self) -> None:
        for call_id in self._calls.cancelling():
            for worker in self._workers:
                if call_id in worker.calls:
                    self._take_back(worker, but=call_id)
            self._backlog = deque(call for call in self._backlog if call.call_id != call_id)
            self._calls.killed(call_id)

    def _prune(self) -> None:
        """Erase what nobody will ask for, a little at a time."""
        if time.monotonic() >= self._next_prune and self._calls.prune(limit=PRUNED_AT_ONCE):
            self._next_prune = time.monotonic() + PRUNE_SECONDS

    def _take_back(self, worker: WorkerProcess, *, but: str | None = None) -> None:
        """Kill the worker; its calls go to others, but for one that is cancelled."""
        worker.kill()
        estate = worker.bury()
        for envelope, url in estate.unreported:
            self._reports.submit(self._reporter.report, envelope, url)
        self._backlog.extendleft(call for call in reversed(estate.calls) if call.call_id != but)

    def _feed(self) -> None:
        for model in (None, *sorted(self._own_models)):
            self._fetch(model)
        for _ in range(len(self._backlog)):
            call = self._backlog.popleft()
            takers = [worker for worker in self._working(self._lane(call)) if worker.takes(call)]
            if takers:
                min(takers, key=lambda worker: len(worker.calls)).hand(call)
            else:
                self._backlog.append(call)

    def _fetch(self, model: str | None) -> None:
        """As many calls as the workers of a model have room for; None: those of all without their own."""
        room = sum(worker.room for worker in self._working(model))
        room -= sum(self._lane(call) == model for call in self._backlog)
        if room > 0:
            only = None if model is None else frozenset([model])
            taken = self._calls.take(room, only=only, but=self._own_models.keys())
            self._backlog.extend(map(self._at_home, taken))

    def _lane(self, call: Call) -> str | None:
        return call.order.model if call.order.model in self._own_models else None

    def _working(self, model: str | None) -> Iterator[WorkerProcess]:
        return (it for it in self._workers if (it.own.model if it.own else None) == model)

    def _at_home(self, call: Call) -> Call:
        return replace(call, order=readdressed(call.order, self._base_url))


class Bell:
    """Wakes whoever waits for its ``socket``, from any thread."""

    def __init__(self) -> None:
        self.socket, self._outside = socket.socketpair()
        self._rung = False

    def ring(self) -> None:
        """Wake the supervisor; at once, if it does not wait now."""
        if not self._rung:
            self._rung = True
            self._outside.send(b"!")

    def clear(self) -> None:
        """Hear the next ring. To be called before looking for what the ring was about."""
        if self._rung:
            self.socket.recv(64)
            self._rung = False

    def close(self) -> None:
        """No more rings."""
        self.socket.close()
        self._outside.close()
