"""Batches and intents in SQLite."""

import sqlite3
from datetime import datetime

from shared.adapters.lately import Lately
from shared.adapters.local.closings import closing_of
from shared.adapters.local.database import Database, Row
from shared.adapters.local.rounds import create_nodes, gone
from shared.adapters.stamps import instant_or_none, stamp, stamp_or_none
from shared.domain.lifecycle import first_round
from shared.errors import NotFound
from shared.models.batch import Batch
from shared.models.facts import Intents, Outcome, Pace, Round
from shared.models.work import JobRef
from shared.ports.courses import Listed, Seal
from shared.ports.ledger import Glance, Sight

BEHIND = "(created_at, batch_id) < (SELECT created_at, batch_id FROM batches WHERE batch_id = ?)"

MOST_BODIES = 1000


class SqliteBatches:
    """The ``Batches`` part of the ledger."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._bodies = Lately[str, Batch](MOST_BODIES)

    def open(self, batch: Batch) -> Batch:
        """See ``Batches.open``."""
        return self._db.write(lambda connection: _open(connection, batch))

    def batch(self, batch_id: str) -> Batch:
        """See ``Batches.batch``."""
        return self._batch(self._row(batch_id))

    def glance(self, ref: JobRef) -> Glance:
        """See ``Batches.glance``."""
        row = self._row(ref.batch_id)
        batch = self._batch(row)
        return Glance(batch, self._round(ref, batch), _intents(row))

    def look(self, ref: JobRef) -> Sight:
        """See ``Batches.look``."""
        rows = self._db.read(
            """SELECT b.*, o.body AS outcome FROM batches b
               LEFT JOIN outcomes o ON o.batch_id = b.batch_id AND o.round = ? AND o.position = ?
               WHERE b.batch_id = ?""",
            (ref.round, ref.position, ref.batch_id),
        )
        row = _there(rows, ref.batch_id)
        batch = self._batch(row)
        outcome = Outcome.model_validate_json(row["outcome"]) if row["outcome"] else None
        return Sight(batch, self._round(ref, batch), _intents(row), outcome)

    def intents(self, batch_id: str) -> Intents:
        """See ``Batches.intents``."""
        return _intents(self._row(batch_id))

    def intend(
        self,
        batch_id: str,
        *,
        paused: bool | None = None,
        cancelled_at: datetime | None = None,
        pace: Pace | None = None,
    ) -> Intents:
        """See ``Batches.intend``."""
        self._db.write(
            lambda connection: (
                connection.execute(
                    """UPDATE batches SET paused = coalesce(?, paused),
                   cancelled_at = coalesce(cancelled_at, ?), pace = coalesce(?, pace) WHERE batch_id = ?""",
                    (paused, stamp_or_none(cancelled_at), pace and pace.model_dump_json(), batch_id),
                ).rowcount
            )
        )
        return self.intents(batch_id)

    def batches(self, *, owner: str | None, unfinished: bool, limit: int, after: str | None) -> list[Batch]:
        """See ``Batches.batches``."""
        where, values = ["deleted_at IS NULL"], list[object]()
        if owner is not None:
            where, values = [*where, "owner = ?"], [*values, owner]
        if unfinished:
            where.append("finished = 0")
        if after is not None:
            where, values = [*where, BEHIND], [*values, after]
        sql = f"SELECT * FROM batches WHERE {' AND '.join(where)} ORDER BY created_at DESC, batch_id DESC"
        return [self._batch(row) for row in self._db.read(f"{sql} LIMIT ?", (*values, limit))]

    def seal(self, batch_id: str) -> Seal:
        """See ``Batches.seal``."""
        return _seal(self._row(batch_id))

    def _batch(self, row: Row) -> Batch:
        """What was submitted never changes: a body that was read before is not read again."""
        known = self._bodies.get(row["batch_id"])
        if known is None:
            known = Batch.model_validate_json(row["body"])
            self._bodies.put(row["batch_id"], known)
        return known

    def listed(self, *, owner: str, limit: int, skip: int = 0, after: str | None = None) -> list[Listed]:
        """See ``Batches.listed``."""
        behind, values = ("", (owner,)) if after is None else (f"AND {BEHIND}", (owner, after))
        rows = self._db.read(
            f"""SELECT b.*, c.closed_at, c.announced, c.fence, c.lease_until, c.finished_at, c.status,
                   c.summary, c.artefacts
               FROM (SELECT * FROM batches WHERE deleted_at IS NULL AND owner = ? {behind}
                     ORDER BY created_at DESC, batch_id DESC LIMIT ? OFFSET ?) b
               LEFT JOIN closings c ON c.batch_id = b.batch_id AND c.round = b.round
               ORDER BY b.created_at DESC, b.batch_id DESC""",
            (*values, limit, skip),
        )
        return [
            Listed(
                self._batch(row),
                _intents(row),
                closing_of(row) if row["closed_at"] is not None else None,
                _seal(row),
            )
            for row in rows
        ]

    def count(self, *, owner: str, most: int) -> int:
        """See ``Batches.count``."""
        sql = "SELECT 1 FROM batches WHERE deleted_at IS NULL AND owner = ? LIMIT ?"
        rows = self._db.read(f"SELECT count(*) AS n FROM ({sql})", (owner, most))
        return int(rows[0]["n"])

    def _round(self, ref: JobRef, batch: Batch) -> Round:
        if ref.round == 0:
            return first_round(batch)
        sql = "SELECT body FROM rounds WHERE batch_id = ? AND number = ?"
        rows = self._db.read(sql, (ref.batch_id, ref.round))
        if not rows:
            raise NotFound(f"batch {ref.batch_id} has no round {ref.round}")
        return Round.model_validate_json(rows[0]["body"])

    def _row(self, batch_id: str) -> Row:
        rows = self._db.read("SELECT * FROM batches WHERE batch_id = ?", (batch_id,))
        return _there(rows, batch_id)


def _there(rows: list[Row], batch_id: str) -> Row:
    if not rows:
        raise NotFound(f"no batch {batch_id}")
    if rows[0]["deleted_at"] is not None:
        raise gone(rows[0])
    return rows[0]


def _open(connection: sqlite3.Connection, batch: Batch) -> Batch:
    created = connection.execute(
        "INSERT OR IGNORE INTO batches (batch_id, owner, created_at, body) VALUES (?, ?, ?, ?)",
        (batch.batch_id, batch.owner, stamp(batch.created_at), batch.model_dump_json()),
    ).rowcount
    if not created:
        rows = connection.execute("SELECT * FROM batches WHERE batch_id = ?", (batch.batch_id,)).fetchall()
        return Batch.model_validate_json(_there(rows, batch.batch_id)["body"])
    create_nodes(connection, first_round(batch))
    return batch


def _seal(row: Row) -> Seal:
    """Of a finished batch only these fields can change still: by a retry, or a wish that comes too late."""
    wishes = (row["round"], row["retry"], row["paused"], row["cancelled_at"], row["pace"])
    return Seal(row["owner"], "/".join(map(str, wishes)) if row["finished"] else None)


def _intents(row: Row) -> Intents:
    return Intents(
        paused=bool(row["paused"]),
        cancelled_at=instant_or_none(row["cancelled_at"]),
        round=row["round"],
        retry=row["retry"],
        pace=Pace.model_validate_json(row["pace"]) if row["pace"] else None,
    )
