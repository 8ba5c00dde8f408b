"""A look at the state file without changing it: is it sound, and does it hold the tables it should?"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from shared.adapters.local.schema import STEPS

MOST_PROBLEMS = 5


@dataclass(frozen=True)
class StateFile:
    """
    ``steps`` of ``known`` steps of the schema were applied. ``problems`` are those of SQLite's quick
    check, ``missing`` the columns that these steps should have made and that are not there.
    """

    journal_mode: str
    steps: int
    known: int
    problems: tuple[str, ...]
    missing: tuple[str, ...]


def inspect(path: Path) -> StateFile:
    """
    Read the whole file once.

    Raises:
        sqlite3.Error: it cannot be opened, or is no database.
    """
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        (steps,) = connection.execute("PRAGMA user_version").fetchone()
        found = connection.execute(f"PRAGMA quick_check({MOST_PROBLEMS})").fetchall()
        problems = tuple(str(row[0]) for row in found if row[0] != "ok")
        missing = tuple(sorted(_columns_after(STEPS[:steps]) - _columns(connection)))
    return StateFile(mode, steps, len(STEPS), problems, missing)


def _columns_after(steps: Sequence[Sequence[str]]) -> set[str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for step in steps:
            for statement in step:
                connection.execute(statement)
        return _columns(connection)


def _columns(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute(
        """SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c
           WHERE t.type = 'table'"""
    )
    return {f"{table}.{column}" for table, column in rows}
