"""Grouped commits: writes share a commit, but not each other's fate."""

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.adapters.local.database import Database
from shared.errors import Unavailable
from tests.support.crowd import at_once

TABLE = (("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, note TEXT NOT NULL)",),)
WRITERS = 20


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "state.db", TABLE, fsync=False)


def insert(connection: sqlite3.Connection, number: int) -> int:
    """One row."""
    return connection.execute("INSERT INTO t VALUES (?, 'x')", (number,)).rowcount


def stored(database: Database) -> list[int]:
    """The rows there are."""
    return [row["id"] for row in database.read("SELECT id FROM t ORDER BY id")]


def in_one_group(database: Database, write: Callable[[int], object]) -> list[object]:
    """Let the writes queue up behind one that is held open, so that they commit together."""
    begun, go_on = threading.Event(), threading.Event()

    def hold(connection: sqlite3.Connection) -> None:
        begun.set()
        go_on.wait(timeout=30)

    def write_or_let_go(number: int) -> object:
        if number == WRITERS:
            while database._work.qsize() < WRITERS:
                time.sleep(0.001)
            go_on.set()
            return None
        try:
            return write(number)
        except (LookupError, Unavailable) as error:
            return error

    holder = threading.Thread(target=database.write, args=(hold,))
    holder.start()
    begun.wait(timeout=30)
    *answers, _ = at_once(write_or_let_go, range(WRITERS + 1))
    holder.join()
    return answers


def test_a_write_that_fails_in_a_group_fails_alone(database: Database) -> None:
    def write(number: int) -> object:
        def step(connection: sqlite3.Connection) -> int:
            insert(connection, number)
            if number % 5 == 0:
                raise LookupError(f"refused {number}")
            return number

        return database.write(step)

    answers = in_one_group(database, write)
    for number, answer in enumerate(answers):
        assert isinstance(answer, LookupError) if number % 5 == 0 else answer == number
    assert stored(database) == [number for number in range(WRITERS) if number % 5]


def test_a_write_that_breaks_a_constraint_is_unavailable_and_fails_alone(database: Database) -> None:
    answers = in_one_group(database, lambda n: database.write(lambda c: insert(c, n // 2)))
    refused = [answer for answer in answers if isinstance(answer, Unavailable)]
    assert len(refused) == WRITERS // 2
    assert stored(database) == list(range(WRITERS // 2))


def test_a_group_that_cannot_commit_is_refused_whole_and_the_next_one_goes_on(database: Database) -> None:
    def abort(connection: sqlite3.Connection) -> None:
        insert(connection, 1)
        connection.execute("ROLLBACK")

    with pytest.raises(Unavailable):
        database.write(abort)
    database.write(lambda connection: insert(connection, 2))
    assert stored(database) == [2]


def test_a_reader_sees_what_a_writer_was_told_is_stored(database: Database) -> None:
    def write_and_look(number: int) -> bool:
        database.write(lambda connection: insert(connection, number))
        return number in stored(database)

    assert all(at_once(write_and_look, range(16)))


def test_a_closed_database_has_written_everything_and_opens_again(database: Database) -> None:
    database.write(lambda connection: insert(connection, 1))
    database.close()
    database.write(lambda connection: insert(connection, 2))
    database.close()
    database.close()
    assert stored(Database(database.path, TABLE)) == [1, 2]


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_file_that_another_process_is_just_making_is_waited_for(database: Database, lock: str) -> None:
    rival = sqlite3.connect(database.path, isolation_level=None, check_same_thread=False)
    rival.execute(f"BEGIN {lock}")
    rival.execute("CREATE TABLE u (id INTEGER)")
    release = threading.Timer(0.1, rival.execute, ("COMMIT",))
    release.start()
    database.write(lambda connection: insert(connection, 1))
    release.join()
    rival.close()
    assert stored(database) == [1]
