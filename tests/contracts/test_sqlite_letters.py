"""Letters of a home that was made before they were counted."""

import sqlite3
from pathlib import Path

from shared.adapters.local import schema
from shared.adapters.local.bus import SqliteBus
from shared.adapters.local.database import Database
from shared.adapters.stamps import stamp
from shared.ports.bus import LetterState
from tests.contracts.backends import TOPICS
from tests.support.tables import SOON
from tests.support.world import NOON, HandClock


def test_they_are_open_letters_that_can_be_sent_again(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state.db") as connection:
        for statement in schema.STEPS[0]:
            connection.execute(statement)
        connection.executemany(
            """INSERT INTO dead_letters
                   (subscription, topic, data, reason, deliveries, published_at, parked_at)
               VALUES (?, 'job-finished', ?, 'why', 5, NULL, ?)""",
            [("complete", b"one", stamp(NOON)), (None, b"one", stamp(NOON))],
        )
    connection.close()
    database = Database(tmp_path / "state.db", schema.STEPS, fsync=False)
    bus = SqliteBus(database, HandClock(), TOPICS, pause=SOON.pause)
    found = bus.letters(state=LetterState.OPEN, limit=9)
    assert [(it.id, it.data, it.times, it.parked_at) for it in found] == [
        ("2", b"one", 1, NOON),
        ("1", b"one", 1, NOON),
    ]
    for letter in found:
        bus.replay(letter.id, by="ada")
    assert [queue.messages for queue in bus.queues(most=9)] == [0, 2, 0]
    database.close()
