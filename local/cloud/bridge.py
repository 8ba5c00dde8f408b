"""
A bridge that pulls and POSTs, for bulk: the emulator itself pushes two messages at a time, and leaves out
of a push what production has (the number of the delivery, the headers of Eventarc).

What is not accepted comes again when the subscription's policy says so, and so does what takes longer
than its acknowledgement deadline, also while it is still being worked on.
"""

import json
import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeVar

import httpx
from google.api_core.exceptions import DeadlineExceeded, GoogleAPIError
from google.cloud.pubsub_v1 import SubscriberClient
from google.pubsub_v1.types import ReceivedMessage
from google.pubsub_v1.types import Subscription as Request

from local.cloud.deliveries import Shape, body, headers

log = logging.getLogger("omtx.bridge")
ACCEPTED = frozenset({102, 200, 201, 203, 204})
"""The answers that Pub/Sub takes for an acknowledgement; its documents disagree about 202."""
MOST_PULLED, MOST_ANSWERED = 100, 1000
AHEAD = 2
PULL_SECONDS, PAUSE_SECONDS, ANSWER_SECONDS = 2.0, 0.5, 10.0
"""The server answers an empty pull a second before the call's deadline."""
KEEP_SECONDS = 1.0
"""The functions' server closes an idle connection after two."""
T = TypeVar("T")


class Bridge:
    """
    From one pull subscription to one function at ``base``, ``width`` messages at a time.

    A context manager; what was pulled and not begun when it ends is handed back. ``answers`` counts the
    status codes, 0 for none at all.
    """

    def __init__(
        self,
        subscription: Request,
        base: str,
        *,
        subscriber: SubscriberClient,
        width: int = 16,
        shape: Shape = Shape.EVENTARC,
    ) -> None:
        self.answers: Counter[int] = Counter()
        self._subscription = subscription
        self._url = f"{base.rstrip('/')}/{subscription.topic}"
        self._subscriber = subscriber
        self._most_open = AHEAD * width
        self._shape = shape
        self._http = httpx.Client(
            limits=httpx.Limits(max_connections=width, keepalive_expiry=KEEP_SECONDS),
            timeout=subscription.ack_deadline_seconds,
            trust_env=False,
        )
        self._open = 0
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._todo: queue.SimpleQueue[ReceivedMessage | None] = queue.SimpleQueue()  # None: the end
        self._done: queue.SimpleQueue[tuple[str, int] | None] = queue.SimpleQueue()
        self._puller = self._thread("pull", self._pull_on)
        self._posters = [self._thread(f"post-{number}", self._post_on) for number in range(width)]
        self._answerer = self._thread("answer", self._answer_on)

    def start(self) -> None:
        """Begin."""
        for thread in (self._puller, *self._posters, self._answerer):
            thread.start()

    def stop(self) -> None:
        """Pull no more, and return once what was begun is answered."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        self._puller.join()
        unbegun = [received.ack_id for received in _taken(self._todo) if received]
        for _ in self._posters:
            self._todo.put(None)
        for thread in self._posters:
            thread.join()
        self._done.put(None)
        self._answerer.join()
        with suppress(GoogleAPIError):  # they come again after their deadline
            self._refuse(unbegun)
        self._http.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        title = f"{self._subscription.name.rpartition('/')[2]}-{name}"
        return threading.Thread(target=work, name=title, daemon=True)

    def _pull_on(self) -> None:
        while room := self._room():
            try:
                found = self._pull(min(room, MOST_PULLED))
            except GoogleAPIError as error:
                log.warning("%s cannot be pulled: %s", self._subscription.name, error)
                self._stopping.wait(PAUSE_SECONDS)
                continue
            with self._changed:
                self._open += len(found)
            for received in found:
                self._todo.put(received)

    def _room(self) -> int:
        """How many more may be pulled, once there are some; 0 at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping.is_set() or self._open < self._most_open)
            return 0 if self._stopping.is_set() else self._most_open - self._open

    def _pull(self, most: int) -> Sequence[ReceivedMessage]:
        try:
            answer = self._subscriber.pull(
                subscription=self._subscription.name, max_messages=most, retry=None, timeout=PULL_SECONDS
            )
        except DeadlineExceeded:
            return []
        found: Sequence[ReceivedMessage] = answer.received_messages
        return found

    def _post_on(self) -> None:
        while (received := self._todo.get()) is not None:
            self._done.put((received.ack_id, self._post(received)))

    def _post(self, received: ReceivedMessage) -> int:
        """The status; 0 if there was no answer."""
        subscription = self._subscription
        try:
            return self._http.post(
                self._url,
                content=json.dumps(body(received, subscription.name)),
                headers=headers(received, subscription.topic, self._shape),
            ).status_code
        except httpx.HTTPError:
            return 0

    def _answer_on(self) -> None:
        ended = False
        while not ended:
            waiting = [self._done.get(), *_taken(self._done, most=MOST_ANSWERED - 1)]
            answered = [it for it in waiting if it]
            ended = len(answered) < len(waiting)
            try:
                self._acknowledge([receipt for receipt, status in answered if status in ACCEPTED])
                self._refuse([receipt for receipt, status in answered if status not in ACCEPTED])
            except GoogleAPIError as error:  # they come again after their deadline
                log.warning("%s cannot be answered: %s", self._subscription.name, error)
            with self._changed:
                self.answers.update(status for _, status in answered)
                self._open -= len(answered)
                self._changed.notify_all()

    def _acknowledge(self, receipts: Sequence[str]) -> None:
        if receipts:
            self._subscriber.acknowledge(
                subscription=self._subscription.name, ack_ids=receipts, timeout=ANSWER_SECONDS
            )

    def _refuse(self, receipts: Sequence[str]) -> None:
        """How soon they come again is up to the subscription's policy."""
        if receipts:
            self._subscriber.modify_ack_deadline(
                subscription=self._subscription.name,
                ack_ids=receipts,
                ack_deadline_seconds=0,
                timeout=ANSWER_SECONDS,
            )


def _taken(source: "queue.SimpleQueue[T]", most: int | None = None) -> Iterator[T]:
    """What lies in the queue now."""
    taken = 0
    with suppress(queue.Empty):
        while most is None or taken < most:
            yield source.get_nowait()
            taken += 1
