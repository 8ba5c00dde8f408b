"""Later rounds of a batch, and its deletion, in SQLite."""

import sqlite3
from datetime import datetime

from shared.adapters.local.database import Database, Row
from shared.adapters.stamps import instant, stamp
from shared.domain.lifecycle import tree_of
from shared.errors import Gone
from shared.models.batch import Batch
from shared.models.facts import Round

# What a batch leaves in these tables, with their keys, goes with it; its own row stays, emptied.
_RECORDS = {
    "outcomes": "batch_id, round, position",
    "attempts": "batch_id, round, position, number",
    "nodes": "batch_id, round, level, k",
    "closings": "batch_id, round",
    "rounds": "batch_id, number",
    "milestones": "batch_id, threshold",
}


class SqliteRounds:
    """The ``Rounds`` part of the ledger."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def ask_retry(self, batch_id: str, number: int) -> bool:
        """See ``Rounds.ask_retry``."""
        return self._db.write(lambda connection: _ask_retry(connection, batch_id, number))

    def open_round(self, round: Round) -> Round:
        """See ``Rounds.open_round``."""
        return self._db.write(lambda connection: _open_round(connection, round))

    def rounds(self, batch_id: str) -> list[Round]:
        """See ``Rounds.rounds``."""
        rows = self._db.read("SELECT body FROM rounds WHERE batch_id = ? ORDER BY number", (batch_id,))
        return [Round.model_validate_json(row["body"]) for row in rows]

    def delete(self, batch_id: str, *, now: datetime) -> Gone | None:
        """See ``Rounds.delete``."""
        return self._db.write(lambda connection: _delete(connection, batch_id, stamp(now)))

    def deleted(self, *, limit: int) -> list[Gone]:
        """See ``Rounds.deleted``."""
        rows = self._db.read(
            """SELECT * FROM batches WHERE deleted_at IS NOT NULL AND erased = 0
               ORDER BY deleted_at LIMIT ?""",
            (limit,),
        )
        return [gone(row) for row in rows]

    def erase(self, batch_id: str, *, limit: int) -> bool:
        """See ``Rounds.erase``."""
        return self._db.write(lambda connection: _erase(connection, batch_id, limit))


def create_nodes(connection: sqlite3.Connection, round: Round) -> None:
    """All nodes of a round's tree, at zero."""
    at = stamp(round.opened_at)
    connection.executemany(
        "INSERT INTO nodes (batch_id, round, level, k, moved_at) VALUES (?, ?, ?, ?, ?)",
        [(round.batch_id, round.number, level, k, at) for level, k in tree_of(round).nodes()],
    )


def gone(row: Row) -> Gone:
    """The error that a deleted batch's row stands for."""
    return Gone(
        row["batch_id"],
        owner=row["owner"],
        deleted_at=instant(row["deleted_at"]),
        jobs=row["jobs"],
    )


def _ask_retry(connection: sqlite3.Connection, batch_id: str, number: int) -> bool:
    connection.execute(
        """UPDATE batches SET retry = ?, paused = 0, finished = 0 WHERE batch_id = ? AND round = ?
           AND finished = 1 AND cancelled_at IS NULL AND deleted_at IS NULL""",
        (number, batch_id, number - 1),
    )
    sql = "SELECT 1 FROM batches WHERE batch_id = ? AND retry >= ? AND deleted_at IS NULL"
    return connection.execute(sql, (batch_id, number)).fetchone() is not None


def _open_round(connection: sqlite3.Connection, round: Round) -> Round:
    key = (round.batch_id, round.number)
    created = connection.execute(
        "INSERT OR IGNORE INTO rounds (batch_id, number, body) VALUES (?, ?, ?)",
        (*key, round.model_dump_json()),
    ).rowcount
    if not created:
        sql = "SELECT body FROM rounds WHERE batch_id = ? AND number = ?"
        return Round.model_validate_json(connection.execute(sql, key).fetchone()["body"])
    connection.execute("UPDATE batches SET round = max(round, ?) WHERE batch_id = ?", (key[1], key[0]))
    create_nodes(connection, round)
    return round


def _delete(connection: sqlite3.Connection, batch_id: str, now: int) -> Gone | None:
    rows = "SELECT * FROM batches WHERE batch_id = ?"
    row = connection.execute(rows, (batch_id,)).fetchone()
    if row is not None and row["finished"] and row["deleted_at"] is None:
        jobs = Batch.model_validate_json(row["body"]).counts.jobs
        connection.execute(
            "UPDATE batches SET deleted_at = ?, jobs = ?, body = '' WHERE batch_id = ?", (now, jobs, batch_id)
        )
        row = connection.execute(rows, (batch_id,)).fetchone()
    return None if row is None or row["deleted_at"] is None else gone(row)


def _erase(connection: sqlite3.Connection, batch_id: str, limit: int) -> bool:
    for table, key in _RECORDS.items():
        limit -= connection.execute(
            f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE batch_id = ? LIMIT ?)",
            (batch_id, limit),
        ).rowcount
        if limit <= 0:
            return False
    connection.execute("UPDATE batches SET erased = 1 WHERE batch_id = ?", (batch_id,))
    return True
