"""A server that writes down what is posted to it, and answers as a test says."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from shared.events.envelope import raw
from tests.support.loopback import Handler, served


@dataclass(frozen=True)
class Posted:
    """One request, and when it was read."""

    path: str
    headers: Mapping[str, str]
    body: Any
    at: float

    @property
    def text(self) -> str:
        """The message's own bytes."""
        return raw(self.body).decode()


Answer = Callable[[Posted], int | None]
"""The status; None: the connection is closed, and nothing answered."""


class Listener:
    """What came, in order; ``most_at_once`` requests were being answered at the same time."""

    def __init__(self, answer: Answer) -> None:
        self.posted: list[Posted] = []
        self.most_at_once = 0
        self.url = ""
        self._answer = answer
        self._now = 0
        self._lock = threading.Lock()

    def texts(self) -> list[str]:
        """The messages."""
        return [posted.text for posted in list(self.posted)]

    def take(self, posted: Posted) -> int | None:
        """Write it down and decide."""
        with self._lock:
            self.posted.append(posted)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            return self._answer(posted)
        finally:
            with self._lock:
                self._now -= 1


@contextmanager
def listening(answer: Answer = lambda _: 200, *, port: int = 0) -> Iterator[Listener]:
    """A server on the loopback interface."""
    listener = Listener(answer)

    class Posting(Handler):
        protocol_version = "HTTP/1.1"

        def asked(self) -> None:
            posted = Posted(self.path, dict(self.headers), json.loads(self.sent), time.monotonic())
            status = listener.take(posted)
            if status is None:
                self.close_connection = True
                return
            self.answer(status)

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:  # who asked did not wait for the answer
                self.close_connection = True

    with served(Posting, port=port) as listener.url:
        yield listener
