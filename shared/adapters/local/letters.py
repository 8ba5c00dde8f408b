"""Dead letters in SQLite, in the same file as the queue: replaying one is a single commit."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from shared.adapters.local.database import Database, Row
from shared.adapters.stamps import instant, instant_or_none, stamp
from shared.errors import IllegalMove, NotFound
from shared.events.parked import refuser, sameness, unwrapped
from shared.ports.bus import DeadLetter, LetterState
from shared.ports.world import Clock


class SqliteLetters:
    """The ``DeadLetters`` part of the bus; ``subscriptions`` lists the subscriptions of each topic."""

    def __init__(self, database: Database, clock: Clock, subscriptions: Mapping[str, Sequence[str]]) -> None:
        self._db = database
        self._clock = clock
        self._subscriptions = subscriptions
        self.on_publish: Callable[[str], None] = lambda subscription: None
        """Called with each subscription that got a message from this process, so that none need poll."""

    def park(self, topic: str, data: bytes, *, reason: str) -> None:
        """See ``DeadLetters.park``."""
        known = refuser(data, self._subscriptions.get(topic, ()))
        now = stamp(self._clock.now())
        self._db.write(
            lambda connection: insert_letter(connection, topic, data, known, reason=reason, now=now)
        )

    def letters(
        self,
        *,
        state: LetterState | None,
        limit: int,
        after: str | None = None,
        parked_by: datetime | None = None,
    ) -> list[DeadLetter]:
        """See ``DeadLetters.letters``."""
        where, values = ["1"], list[object]()
        if state is not None:
            where, values = [*where, "state = ?"], [*values, state.value]
        if after is not None:
            where, values = [*where, "id < ?"], [*values, _number(after)]
        if parked_by is not None:
            where, values = [*where, "parked_at <= ?"], [*values, stamp(parked_by)]
        sql = f"SELECT * FROM letters WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?"
        return [_letter(row) for row in self._db.read(sql, (*values, limit))]

    def letter(self, letter_id: str) -> DeadLetter:
        """See ``DeadLetters.letter``."""
        rows = self._db.read("SELECT * FROM letters WHERE id = ?", (_number(letter_id),))
        if not rows:
            raise NotFound(f"no dead letter {letter_id}")
        return _letter(rows[0])

    def open_letters(self, *, parked_by: datetime | None = None) -> int:
        """See ``DeadLetters.open_letters``."""
        by = stamp(parked_by or datetime.max.replace(tzinfo=self._clock.now().tzinfo))
        sql = "SELECT count(*) AS n FROM letters WHERE state = 'open' AND parked_at <= ?"
        return int(self._db.read(sql, (by,))[0]["n"])

    def dead_letters(self) -> list[DeadLetter]:
        """All letters, oldest first."""
        return [_letter(row) for row in self._db.read("SELECT * FROM letters ORDER BY id")]

    def replay(self, letter_id: str, *, by: str) -> DeadLetter:
        """See ``DeadLetters.replay``; message and mark are one commit, so it is published exactly once."""
        now, letter = stamp(self._clock.now()), self.letter(letter_id)
        targets = [letter.subscription] if letter.subscription else self._subscriptions.get(letter.topic, ())
        if self._db.write(lambda connection: _replay(connection, letter, targets, by, now)):
            for subscription in targets:
                self.on_publish(subscription)
        return self.letter(letter_id)

    def discard(self, letter_id: str, *, reason: str, by: str) -> DeadLetter:
        """See ``DeadLetters.discard``."""
        now, letter = stamp(self._clock.now()), self.letter(letter_id)
        self._db.write(
            lambda connection: _close(
                connection, letter, LetterState.DISCARDED, by=by, remark=reason, now=now
            )
        )
        return self.letter(letter_id)

    def collect(self, *, limit: int) -> int:
        """See ``DeadLetters.collect``; the queue parks what it gives up in the same commit."""
        return 0


def insert_letter(
    connection: sqlite3.Connection,
    topic: str,
    data: bytes,
    subscription: str | None,
    *,
    reason: str,
    now: int,
    deliveries: int = 1,
    published_at: int | None = None,
) -> None:
    """Park within a commit; times are stamps. The same message for the same subscription is counted."""
    connection.execute(
        """INSERT INTO letters (digest, subscription, topic, data, reason, deliveries, published_at,
               parked_at, last_parked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (digest) WHERE state = 'open' DO UPDATE SET times = times + 1,
               deliveries = deliveries + excluded.deliveries, reason = excluded.reason,
               last_parked_at = max(last_parked_at, excluded.last_parked_at)""",
        (
            sameness(topic, subscription, data),
            *(subscription, topic, data, reason, deliveries, published_at, now, now),
        ),
    )


def _replay(
    connection: sqlite3.Connection, letter: DeadLetter, targets: Sequence[str], by: str, now: int
) -> bool:
    parked = unwrapped(letter.data)
    if parked.message is None:
        raise IllegalMove(f"dead letter {letter.id} cannot be sent again: {parked.lack}; discard it")
    if not _close(connection, letter, LetterState.REPLAYED, by=by, remark=None, now=now):
        return False
    connection.executemany(
        """INSERT INTO messages (subscription, topic, data, published_at, visible_at, turn)
           VALUES (?, ?, ?, ?, ?, ?)""",
        [(subscription, letter.topic, parked.message, now, now, now) for subscription in targets],
    )
    return True


def _close(
    connection: sqlite3.Connection,
    letter: DeadLetter,
    state: LetterState,
    *,
    by: str,
    remark: str | None,
    now: int,
) -> bool:
    """Whether this call closed it; IllegalMove if it was closed the other way."""
    number = _number(letter.id)
    closed = connection.execute(
        """UPDATE letters SET state = ?, closed_at = ?, closed_by = ?, remark = ?
           WHERE id = ? AND state = 'open'""",
        (state.value, now, by, remark, number),
    ).rowcount
    found = connection.execute("SELECT state FROM letters WHERE id = ?", (number,)).fetchone()["state"]
    if found != state.value:
        raise IllegalMove(f"dead letter {letter.id} was {found} before")
    return bool(closed)


def _number(letter_id: str) -> int:
    """The row of a letter; -1, which no row has, for what is no id of ours."""
    return int(letter_id) if letter_id.isascii() and letter_id.isdigit() and len(letter_id) < 19 else -1


def _letter(row: Row) -> DeadLetter:
    return DeadLetter(
        id=str(row["id"]),
        topic=row["topic"],
        subscription=row["subscription"],
        data=row["data"],
        reason=row["reason"],
        deliveries=row["deliveries"],
        times=row["times"],
        published_at=instant_or_none(row["published_at"]),
        parked_at=instant(row["parked_at"]),
        last_parked_at=instant(row["last_parked_at"]),
        state=LetterState(row["state"]),
        closed_at=instant_or_none(row["closed_at"]),
        closed_by=row["closed_by"],
        remark=row["remark"],
    )
