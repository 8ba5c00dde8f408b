"""
A durable queue in SQLite that plays Pub/Sub: at least once, no order, one copy per subscription.

A lease hides a message for the visibility timeout; what is not acknowledged comes again after an
exponential backoff, and is parked as a dead letter after the last allowed delivery.

Messages that are published together are lined up as if they came one after the other, a hundred a
second, while all of them are due at once: a screen that announces a thousand ligands does not stand
in the way of one that comes a moment later. None is overtaken for longer than its own place in line.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.adapters.local.database import Database, Row
from shared.adapters.local.letters import SqliteLetters, insert_letter
from shared.adapters.stamps import instant, instant_or_none, stamp
from shared.events.envelope import payload
from shared.events.messages import Event
from shared.events.postmarks import postmark
from shared.ports.bus import Queue
from shared.ports.world import Clock

STRIDE = timedelta(milliseconds=10)


@dataclass(frozen=True)
class Delivery:
    """A leased message; ``number`` counts deliveries from 1."""

    id: int
    subscription: str
    topic: str
    data: bytes
    published_at: datetime
    number: int
    attributes: Mapping[str, str] = field(default_factory=dict, kw_only=True)


class SqliteBus(SqliteLetters):
    """
    The bus with its dead letters; ``subscriptions`` lists the subscriptions of each topic.

    ``pause`` says how long a message rests after the delivery of a number, from 1.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        subscriptions: Mapping[str, Sequence[str]],
        *,
        pause: Callable[[int], timedelta],
    ) -> None:
        super().__init__(database, clock, subscriptions)
        self._pause = pause

    def publish(self, events: Sequence[Event]) -> None:
        """See ``Bus.publish``; an event's ``not_before`` is honoured."""
        now = self._clock.now()
        rows = [
            (subscription, event.topic, data, told, stamp(now), stamp(due), stamp(due + place * STRIDE))
            for place, event in enumerate(events)
            for due, data, told in [(_visible(event, now), payload(event), _told(event))]
            for subscription in self._subscriptions[event.topic]
        ]
        self._db.write(
            lambda connection: (
                connection.executemany(
                    """INSERT INTO messages
                       (subscription, topic, data, attributes, published_at, visible_at, turn)
                   VALUES (?, ?, ?, ?, ?, ?, ?)""",
                    rows,
                ).rowcount
            )
        )
        for subscription in {row[0] for row in rows}:
            self.on_publish(subscription)

    def lease(self, subscription: str, *, limit: int, visibility: timedelta) -> list[Delivery]:
        """Take due messages, in the order of their turns, and hide them from others for ``visibility``."""
        now = self._clock.now()
        due = (subscription, stamp(now))
        if not self._db.read(
            "SELECT 1 FROM messages WHERE subscription = ? AND visible_at <= ? LIMIT 1", due
        ):
            return []
        rows = self._db.write(
            lambda connection: connection.execute(
                """UPDATE messages SET visible_at = ?, deliveries = deliveries + 1, leased = 1
                   WHERE id IN (SELECT id FROM messages INDEXED BY messages_in_turn
                                WHERE subscription = ? AND visible_at <= ?
                                ORDER BY turn, id LIMIT ?) RETURNING *""",
                (stamp(now + visibility), *due, limit),
            ).fetchall()
        )
        return [_delivery(row) for row in sorted(rows, key=lambda row: (int(row["turn"]), int(row["id"])))]

    def acknowledge(self, delivery: Delivery) -> None:
        """The message is done with."""
        self.acknowledge_all([delivery])

    def acknowledge_all(self, deliveries: Sequence[Delivery]) -> None:
        """These messages are done with."""
        rows = [(delivery.id,) for delivery in deliveries]
        self._db.write(
            lambda connection: connection.executemany("DELETE FROM messages WHERE id = ?", rows).rowcount
        )

    def refuse(self, delivery: Delivery, *, reason: str, most: int) -> None:
        """Deliver again after a pause, or park it if this was delivery number ``most``."""
        now = stamp(self._clock.now())
        again = now + self._pause(delivery.number) // timedelta(microseconds=1)
        self._db.write(lambda connection: _refuse(connection, delivery, reason, most, now, again))

    def return_leased(self) -> int:
        """Make what a dead process had leased visible now; only when no other process delivers."""
        now = stamp(self._clock.now())
        return self._db.write(
            lambda connection: (
                connection.execute(
                    "UPDATE messages SET visible_at = min(visible_at, ?), leased = 0 WHERE leased = 1", (now,)
                ).rowcount
            )
        )

    def waiting(self) -> dict[str, int]:
        """How many messages each subscription holds, leased ones included."""
        rows = self._db.read("SELECT subscription, count(*) AS n FROM messages GROUP BY subscription")
        return {row["subscription"]: int(row["n"]) for row in rows}

    def next_visible(self) -> datetime | None:
        """When the next message becomes visible; None if there is none."""
        at = self._db.read("SELECT min(visible_at) AS at FROM messages")[0]["at"]
        return None if at is None else instant(at)

    def queues(self, *, most: int) -> list[Queue]:
        """See ``Queues.queues``; the index of due messages answers it alone."""
        names = sorted({name for names in self._subscriptions.values() for name in names})
        return [self._queue(name, most) for name in names]

    def _queue(self, subscription: str, most: int) -> Queue:
        [row] = self._db.read(
            """SELECT (SELECT count(*) FROM (SELECT 1 FROM messages WHERE subscription = ? LIMIT ?)) AS n,
                      (SELECT min(visible_at) FROM messages WHERE subscription = ?) AS at""",
            (subscription, most, subscription),
        )
        since = instant_or_none(row["at"])
        return Queue(subscription, int(row["n"]), since if since and since <= self._clock.now() else None)


def _visible(event: Event, now: datetime) -> datetime:
    return max(getattr(event, "not_before", None) or now, now)


def _told(event: Event) -> str | None:
    attributes = postmark(event)
    return json.dumps(attributes) if attributes else None


def _refuse(
    connection: sqlite3.Connection, delivery: Delivery, reason: str, most: int, now: int, again: int
) -> None:
    if delivery.number < most:
        connection.execute(
            "UPDATE messages SET visible_at = ?, turn = ?, leased = 0 WHERE id = ?",
            (again, again, delivery.id),
        )
        return
    gone = connection.execute("DELETE FROM messages WHERE id = ?", (delivery.id,)).rowcount
    if gone:
        insert_letter(
            connection,
            delivery.topic,
            delivery.data,
            delivery.subscription,
            reason=reason,
            deliveries=delivery.number,
            published_at=stamp(delivery.published_at),
            now=now,
        )


def _delivery(row: Row) -> Delivery:
    return Delivery(
        id=row["id"],
        subscription=row["subscription"],
        topic=row["topic"],
        data=row["data"],
        published_at=instant(row["published_at"]),
        number=row["deliveries"],
        attributes=json.loads(row["attributes"]) if row["attributes"] else {},
    )
