"""A state file outlives the version that made it."""

import sqlite3
from pathlib import Path

import pytest

from shared.adapters.local.database import Database
from shared.errors import Unavailable

FIRST = ("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY)",)
SECOND = ("ALTER TABLE t ADD COLUMN note TEXT NOT NULL DEFAULT 'none'",)


def made_with(path: Path, *steps: tuple[str, ...]) -> Database:
    """The file after a version of the program with these steps wrote to it."""
    database = Database(path, steps, fsync=False)
    database.write(lambda connection: connection.execute("INSERT INTO t (id) VALUES (NULL)").rowcount)
    database.close()
    return database


def test_a_file_of_an_older_version_gets_the_steps_it_has_not_had(tmp_path: Path) -> None:
    made_with(tmp_path / "state.db", FIRST)
    newer = made_with(tmp_path / "state.db", FIRST, SECOND)
    assert [tuple(row) for row in newer.read("SELECT id, note FROM t")] == [(1, "none"), (2, "none")]


def test_a_file_from_before_steps_were_counted_is_brought_up_to_date(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute(*FIRST)
    connection.close()
    newer = made_with(tmp_path / "state.db", FIRST, SECOND)
    assert [row["note"] for row in newer.read("SELECT note FROM t")] == ["none"]


def test_a_file_of_a_newer_version_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    made_with(tmp_path / "state.db", FIRST, SECOND)
    with pytest.raises(Unavailable, match="newer version"):
        made_with(tmp_path / "state.db", FIRST)
    assert len(made_with(tmp_path / "state.db", FIRST, SECOND).read("SELECT * FROM t")) == 2


def test_a_step_that_fails_changes_nothing(tmp_path: Path) -> None:
    made_with(tmp_path / "state.db", FIRST)
    with pytest.raises(Unavailable):
        made_with(tmp_path / "state.db", FIRST, (*SECOND, "ALTER TABLE missing ADD COLUMN a"))
    newer = made_with(tmp_path / "state.db", FIRST, SECOND)
    assert [row["note"] for row in newer.read("SELECT note FROM t")] == ["none", "none"]
