"""One subscription's threads."""

import logging
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from local.inprocess import Reply
from shared.adapters.local.bus import Delivery
from shared.errors import TransientError

log = logging.getLogger("omtx.pump")
POLL_SECONDS = 0.2
PAUSE_SECONDS = 0.004
AHEAD = 8
T = TypeVar("T")


class Deliverer(Protocol):
    """What a lane needs of the courier."""

    def lease(self, subscription: str, *, limit: int) -> list[Delivery]:
        """Take due messages."""
        ...

    def deliver(self, delivery: Delivery) -> Reply:
        """Push one."""
        ...

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """These are done with."""
        ...

    def refuse(self, delivery: Delivery, reply: Reply) -> None:
        """Bring it later again, or give it up."""
        ...


class Lane:
    """
    One thread that leases and acknowledges, and ``width`` that deliver.

    Lanes share no threads, so a slow function delays no other. Leases and acknowledgements are
    collected for some milliseconds and written together, as a commit costs the same for one and for
    many; an acknowledgement that a crash loses costs a redelivery.
    """

    def __init__(self, courier: Deliverer, subscription: str, *, width: int) -> None:
        self._courier = courier
        self._subscription = subscription
        self._width = width
        self._open = 0
        self._todo: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[Delivery, bool]] = queue.SimpleQueue()
        self._awake = threading.Event()
        self._stopping = False
        self._leaser = threading.Thread(target=self._lease_on, name=f"{subscription}-lease", daemon=True)
        self._deliverers = [
            threading.Thread(target=self._deliver_on, name=f"{subscription}-{number}", daemon=True)
            for number in range(width)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in (self._leaser, *self._deliverers):
            thread.start()

    def wake(self) -> None:
        """Look for messages now."""
        self._awake.set()

    def stop(self) -> None:
        """Lease no more; what is leased but not begun stays leased, for the next start."""
        self._stopping = True
        self._awake.set()

    def join(self) -> None:
        """Wait for the deliveries that were begun, and acknowledge them."""
        self._leaser.join()
        for _ in _taken(self._todo):
            pass
        for _ in self._deliverers:
            self._todo.put(None)
        for thread in self._deliverers:
            thread.join()
        self._acknowledge()

    def _lease_on(self) -> None:
        while not self._stopping:
            self._awake.wait(POLL_SECONDS)
            self._awake.clear()
            try:
                self._acknowledge()
                self._lease()
            except TransientError:
                log.exception("%s: the queue does not answer", self._subscription)
            time.sleep(PAUSE_SECONDS)

    def _acknowledge(self) -> None:
        done = list(_taken(self._done))
        accepted = [delivery for delivery, was_accepted in done if was_accepted]
        if accepted:
            self._courier.acknowledge(accepted)
        self._open -= len(done)

    def _lease(self) -> None:
        room = AHEAD * self._width - self._open
        leased = self._courier.lease(self._subscription, limit=room) if room > 0 else []
        self._open += len(leased)
        for delivery in leased:
            self._todo.put(delivery)
        if leased:
            self._awake.set()  # there may be more

    def _deliver_on(self) -> None:
        while (delivery := self._todo.get()) is not None:
            self._done.put((delivery, self._bring(delivery)))
            self._awake.set()

    def _bring(self, delivery: Delivery) -> bool:
        try:
            reply = self._courier.deliver(delivery)
            if not reply.accepted:
                self._courier.refuse(delivery, reply)
        except Exception:  # the thread must live; the message comes again when its lease ends
            log.exception("%s: message %d was not delivered", self._subscription, delivery.id)
            return False
        return reply.accepted


def _taken(source: "queue.SimpleQueue[T]") -> Iterator[T]:
    """What lies in the queue now."""
    while True:
        try:
            yield source.get_nowait()
        except queue.Empty:
            return
