"""Closings in SQLite."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from shared.adapters.local.database import Database, Row
from shared.adapters.stamps import instant, instant_or_none, stamp
from shared.models.facts import Closing
from shared.models.work import Artefact

_KEY = "batch_id = ? AND round = ?"


class SqliteClosings:
    """The ``Closings`` part of the ledger."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def close(self, batch_id: str, round: int, *, now: datetime) -> Closing:
        """See ``Closings.close``."""
        self._db.write(
            lambda connection: (
                connection.execute(
                    "INSERT OR IGNORE INTO closings (batch_id, round, closed_at) VALUES (?, ?, ?)",
                    (batch_id, round, stamp(now)),
                ).rowcount
            )
        )
        closing = self.closing(batch_id, round)
        assert closing is not None, "a closing is never deleted while its batch is open"
        return closing

    def closing(self, batch_id: str, round: int) -> Closing | None:
        """See ``Closings.closing``."""
        rows = self._db.read(f"SELECT * FROM closings WHERE {_KEY}", (batch_id, round))
        return closing_of(rows[0]) if rows else None

    def announced(self, batch_id: str, round: int, *, now: datetime) -> None:
        """See ``Closings.announced``."""
        self._db.write(
            lambda connection: (
                connection.execute(
                    f"UPDATE closings SET announced = ? WHERE {_KEY}", (stamp(now), batch_id, round)
                ).rowcount
            )
        )

    def claim_aggregation(
        self, batch_id: str, round: int, *, now: datetime, lease_until: datetime
    ) -> int | None:
        """See ``Closings.claim_aggregation``."""
        row = self._db.write(
            lambda connection: connection.execute(
                f"""UPDATE closings SET fence = fence + 1, lease_until = ? WHERE {_KEY}
                    AND finished_at IS NULL AND coalesce(lease_until, 0) <= ? RETURNING fence""",
                (stamp(lease_until), batch_id, round, stamp(now)),
            ).fetchone()
        )
        return None if row is None else int(row["fence"])

    def finish(
        self,
        batch_id: str,
        round: int,
        *,
        fence: int,
        status: str,
        summary: Mapping[str, JsonValue],
        artefacts: Sequence[Artefact],
        now: datetime,
    ) -> bool:
        """See ``Closings.finish``."""
        files = json.dumps([artefact.model_dump() for artefact in artefacts])
        values = (status, json.dumps(summary), files, stamp(now), batch_id, round, fence)
        return self._db.write(lambda connection: _finish(connection, batch_id, values))


def closing_of(row: Row) -> Closing:
    """The closing that a row holds."""
    return Closing(
        round=row["round"],
        closed_at=instant(row["closed_at"]),
        announced_at=instant(row["announced"]) if row["announced"] else None,
        fence=row["fence"],
        lease_until=instant_or_none(row["lease_until"]),
        finished_at=instant_or_none(row["finished_at"]),
        status=row["status"],
        summary=json.loads(row["summary"]),
        artefacts=tuple(Artefact.model_validate(item) for item in json.loads(row["artefacts"])),
    )


def _finish(connection: sqlite3.Connection, batch_id: str, values: tuple[object, ...]) -> bool:
    finished = connection.execute(
        f"""UPDATE closings SET status = ?, summary = ?, artefacts = ?, finished_at = ?
            WHERE {_KEY} AND fence = ? AND finished_at IS NULL""",
        values,
    ).rowcount
    if finished:
        connection.execute("UPDATE batches SET finished = 1 WHERE batch_id = ?", (batch_id,))
    return bool(finished)
