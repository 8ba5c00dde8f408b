"""Milestones in SQLite."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from shared.adapters.local.database import Database
from shared.adapters.stamps import instant, stamp
from shared.models.facts import Milestone


class SqliteMilestones:
    """The ``Milestones`` part of the ledger."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def reach(self, batch_id: str, round: int, thresholds: Sequence[int], *, now: datetime) -> None:
        """See ``Milestones.reach``; where nothing is new, nothing is written."""
        new = set(thresholds) - {found.threshold for found in self.milestones(batch_id)}
        if new:
            self._db.write(lambda connection: _reach(connection, batch_id, round, sorted(new), stamp(now)))

    def milestones(self, batch_id: str) -> list[Milestone]:
        """See ``Milestones.milestones``."""
        rows = self._db.read("SELECT * FROM milestones WHERE batch_id = ? ORDER BY threshold", (batch_id,))
        return [
            Milestone(threshold=row["threshold"], round=row["round"], reached_at=instant(row["reached_at"]))
            for row in rows
        ]


def _reach(
    connection: sqlite3.Connection, batch_id: str, round: int, thresholds: Sequence[int], now: int
) -> None:
    latest = connection.execute(
        "SELECT max(reached_at) AS at FROM milestones WHERE batch_id = ?", (batch_id,)
    ).fetchone()["at"]
    connection.executemany(
        """INSERT OR IGNORE INTO milestones (batch_id, threshold, round, reached_at)
           SELECT batch_id, ?, ?, ? FROM batches WHERE batch_id = ? AND deleted_at IS NULL""",
        [(threshold, round, max(now, latest or now), batch_id) for threshold in thresholds],
    )
