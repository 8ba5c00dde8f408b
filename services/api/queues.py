"""How the queues are: how long messages wait, and how many were given up. Everything is measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.api.store import Store
from shared.ports.bus import Queue

MOST_COUNTED = 100_000
LATE_SECONDS, STUCK_SECONDS = 60.0, 600.0


@dataclass(frozen=True)
class QueuesNow:
    """All subscriptions at one moment, and the open dead letters."""

    queues: Sequence[Queue]
    letters: int
    now: datetime

    @property
    def waiting(self) -> int | None:
        """All messages; None where the bus cannot tell."""
        counts = [queue.messages for queue in self.queues if queue.messages is not None]
        return sum(counts) if len(counts) == len(self.queues) else None

    @property
    def oldest(self) -> float | None:
        """Seconds for which the oldest message could have been delivered; None where none waits."""
        ages = [age for queue in self.queues if (age := self.age(queue)) is not None]
        return round(max(ages), 1) if ages else None

    def age(self, queue: Queue) -> float | None:
        """The same of one queue."""
        return max((self.now - queue.due_since).total_seconds(), 0.0) if queue.due_since else None

    @property
    def verdict(self) -> str:
        """Of all queues together."""
        return verdict(self.oldest or 0.0, open_letters=self.letters, known=self.waiting is not None)

    def told(self) -> list[dict[str, Any]]:
        """Queue by queue."""
        return [self.told_of(queue) for queue in self.queues]

    def told_of(self, queue: Queue) -> dict[str, Any]:
        """One queue, for an answer."""
        age = self.age(queue)
        return {
            "subscription": queue.subscription,
            "messages": queue.messages,
            "more": queue.messages == MOST_COUNTED,
            "oldest_due_seconds": None if age is None else round(age, 1),
        }


def queues_now(store: Store) -> QueuesNow:
    """As they are now."""
    found = store.queues.queues(most=MOST_COUNTED)
    return QueuesNow(found, store.letters.open_letters(), store.clock.now())


def verdict(oldest: float, *, open_letters: int, known: bool = True) -> str:
    """
    From the age in seconds of the oldest deliverable message, and the open dead letters.

    ``unhealthy``: nobody took a message for ten minutes. ``degraded``: for one, or one was given up.
    ``unknown``: none was given up, and the bus does not tell how long messages wait.
    """
    if oldest >= STUCK_SECONDS:
        return "unhealthy"
    if oldest >= LATE_SECONDS or open_letters:
        return "degraded"
    return "healthy" if known else "unknown"
