"""Batches and intents in SQLite."""

import sqlite3
from datetime import datetime

from shared.adapters.local.database import Database, Row, instant_or_none, stamp, stamp_or_none
from shared.domain.lifecycle import tree_of
from shared.errors import NotFound
from shared.models.batch import Batch
from shared.models.facts import Intents, Outcome
from shared.models.work import JobRef


class SqliteBatches:
    """The ``Batches`` part of the ledger."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def open(self, batch: Batch) -> Batch:
        """See ``Batches.open``."""
        return self._db.write(lambda connection: _open(connection, batch))

    def batch(self, batch_id: str) -> Batch:
        """See ``Batches.batch``."""
        return Batch.model_validate_json(self._row(batch_id)["body"])

    def look(self, ref: JobRef) -> tuple[Batch, Intents, Outcome | None]:
        """See ``Batches.look``."""
        rows = self._db.read(
            """SELECT b.*, o.body AS outcome FROM batches b LEFT JOIN outcomes o
               ON o.batch_id = b.batch_id AND o.round = ? AND o.position = ? WHERE b.batch_id = ?""",
            (ref.round, ref.position, ref.batch_id),
        )
        if not rows:
            raise NotFound(f"no batch {ref.batch_id}")
        row = rows[0]
        outcome = Outcome.model_validate_json(row["outcome"]) if row["outcome"] else None
        return Batch.model_validate_json(row["body"]), _intents(row), outcome

    def intents(self, batch_id: str) -> Intents:
        """See ``Batches.intents``."""
        return _intents(self._row(batch_id))

    def intend(
        self, batch_id: str, *, paused: bool | None = None, cancelled_at: datetime | None = None
    ) -> Intents:
        """See ``Batches.intend``."""
        self._db.write(
            lambda connection: (
                connection.execute(
                    """UPDATE batches SET paused = coalesce(?, paused),
                   cancelled_at = coalesce(cancelled_at, ?) WHERE batch_id = ?""",
                    (paused, stamp_or_none(cancelled_at), batch_id),
                ).rowcount
            )
        )
        return self.intents(batch_id)

    def batches(self, *, owner: str | None, unfinished: bool, limit: int, after: str | None) -> list[Batch]:
        """See ``Batches.batches``."""
        where, values = ["1"], list[object]()
        if owner is not None:
            where, values = [*where, "owner = ?"], [*values, owner]
        if unfinished:
            where.append("finished = 0")
        if after is not None:
            where.append(
                "(created_at, batch_id) < (SELECT created_at, batch_id FROM batches WHERE batch_id = ?)"
            )
            values.append(after)
        sql = f"SELECT body FROM batches WHERE {' AND '.join(where)} ORDER BY created_at DESC, batch_id DESC"
        rows = self._db.read(f"{sql} LIMIT ?", (*values, limit))
        return [Batch.model_validate_json(row["body"]) for row in rows]

    def _row(self, batch_id: str) -> Row:
        rows = self._db.read("SELECT * FROM batches WHERE batch_id = ?", (batch_id,))
        if not rows:
            raise NotFound(f"no batch {batch_id}")
        return rows[0]


def _open(connection: sqlite3.Connection, batch: Batch) -> Batch:
    created = connection.execute(
        "INSERT OR IGNORE INTO batches (batch_id, owner, created_at, body) VALUES (?, ?, ?, ?)",
        (batch.batch_id, batch.owner, stamp(batch.created_at), batch.model_dump_json()),
    ).rowcount
    if not created:
        row = connection.execute("SELECT body FROM batches WHERE batch_id = ?", (batch.batch_id,)).fetchone()
        return Batch.model_validate_json(row["body"])
    connection.executemany(
        "INSERT INTO nodes (batch_id, round, level, k, moved_at) VALUES (?, 0, ?, ?, ?)",
        [(batch.batch_id, level, k, stamp(batch.created_at)) for level, k in tree_of(batch).nodes()],
    )
    return batch


def _intents(row: Row) -> Intents:
    return Intents(paused=bool(row["paused"]), cancelled_at=instant_or_none(row["cancelled_at"]))
