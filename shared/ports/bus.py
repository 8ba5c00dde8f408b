"""Topics. A published message is delivered at least once, in no order, to every subscription."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shared.events.messages import Event


class Bus(Protocol):
    """Publishing. Messages are hints: losing one costs latency, never a result."""

    def publish(self, events: Sequence[Event]) -> None:
        """Hand over all events, or raise Unavailable or Unknown; some may have been accepted then."""
        ...


class LetterState(StrEnum):
    """What became of a dead letter; only an open one waits for somebody."""

    OPEN = "open"
    REPLAYED = "replayed"
    DISCARDED = "discarded"


@dataclass(frozen=True)
class DeadLetter:
    """
    A message that was given up, and why.

    ``data`` is what was parked: the message, or the delivery around it (see ``events.parked``).
    ``subscription`` is None where any of the topic's may have refused it. The same message parked
    again while its letter is open is counted in ``times``, and its ``deliveries`` are added up;
    ``reason`` and ``last_parked_at`` are those of the last time.
    ``closed_at``, ``closed_by`` and ``remark`` say when, by whom and why it was replayed or discarded.
    """

    id: str
    topic: str
    subscription: str | None
    data: bytes
    reason: str
    deliveries: int
    times: int
    published_at: datetime | None
    parked_at: datetime
    last_parked_at: datetime
    state: LetterState
    closed_at: datetime | None = None
    closed_by: str | None = None
    remark: str | None = None


class DeadLetters(Protocol):
    """Where a message goes that no retry can help, and how it gets out again."""

    def park(self, topic: str, data: bytes, *, reason: str) -> None:
        """Keep the message with the reason; count it where it lies open already."""
        ...

    def letters(
        self,
        *,
        state: LetterState | None,
        limit: int,
        after: str | None = None,
        parked_by: datetime | None = None,
    ) -> list[DeadLetter]:
        """A page, newest first by when they were first parked, that starts behind the letter ``after``."""
        ...

    def letter(self, letter_id: str) -> DeadLetter:
        """Raise NotFound if there is none."""
        ...

    def open_letters(self, *, parked_by: datetime | None = None) -> int:
        """How many are open, of those first parked by then."""
        ...

    def replay(self, letter_id: str, *, by: str) -> DeadLetter:
        """
        Publish the message again to the subscription that refused it; the letter is closed then.

        One that was replayed before stays as it is, and nothing is published. If it raises TransientError,
        the letter is either open as before or will be published by a later ``collect``.

        Raises:
            NotFound: no such letter.
            IllegalMove: it was discarded, or holds no message that could be published.
        """
        ...

    def discard(self, letter_id: str, *, reason: str, by: str) -> DeadLetter:
        """
        Close the letter without publishing; it is kept. The first reason stands.

        Raises:
            NotFound: no such letter.
            IllegalMove: it was replayed.
        """
        ...

    def collect(self, *, limit: int) -> int:
        """
        Do what nobody else will: park messages that the bus gave up by itself, and publish those of
        replays that died between the mark and the publishing.

        At most ``limit`` of each; the number of those parked. A bus that parks by itself has none.
        """
        ...


@dataclass(frozen=True)
class Queue:
    """
    One subscription's messages, leased ones included, counted up to the ``most`` that was asked for.

    ``messages`` is None where the bus cannot tell; nothing is known of ``due_since`` then. That is
    when the longest waiting of those that may be delivered now became due.
    """

    subscription: str
    messages: int | None
    due_since: datetime | None


class Queues(Protocol):
    """How long the queues are."""

    def queues(self, *, most: int) -> list[Queue]:
        """Every subscription, by name; reading it costs no more than ``most`` messages each."""
        ...
