"""Outcomes and the counting tree in SQLite."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from shared.adapters.local.database import Database, Row
from shared.adapters.stamps import instant, instant_or_none, stamp
from shared.domain.costs import spent
from shared.domain.pacing import experience_of
from shared.models.facts import Leaf, Node, Outcome, OutcomeKind, Settled
from shared.models.work import JobRef

_LEAVES = TypeAdapter(list[Leaf])
_NODE = "batch_id = ? AND round = ? AND level = ? AND k = ?"


class SqliteCountdown:
    """The ``Countdown`` part of the ledger."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def settle(self, batch_id: str, leaf: int, outcomes: Sequence[Outcome], *, now: datetime) -> Settled:
        """See ``Countdown.settle``."""
        return self._db.write(lambda connection: _settle(connection, batch_id, leaf, outcomes, stamp(now)))

    def fill(self, batch_id: str, round: int, child: tuple[int, int], parent: tuple[int, int]) -> int:
        """See ``Countdown.fill``."""
        return self._db.write(lambda connection: _fill(connection, batch_id, round, child, parent))

    def leaves(self, batch_id: str, round: int) -> list[Leaf]:
        """See ``Countdown.leaves``."""
        rows = self._db.read(
            "SELECT * FROM nodes WHERE batch_id = ? AND round = ? AND level = 0 ORDER BY k", (batch_id, round)
        )
        return leaves_of(rows)

    def nodes(self, batch_id: str, round: int) -> list[Node]:
        """See ``Countdown.nodes``."""
        rows = self._db.read(
            "SELECT level, k, n FROM nodes WHERE batch_id = ? AND round = ? ORDER BY level, k",
            (batch_id, round),
        )
        return [Node(level=row["level"], k=row["k"], n=row["n"]) for row in rows]

    def nudge(self, batch_id: str, round: int, leaf: int, *, now: datetime) -> None:
        """See ``Countdown.nudge``."""
        self._db.write(
            lambda connection: (
                connection.execute(
                    f"UPDATE nodes SET nudged_at = ? WHERE {_NODE}", (stamp(now), batch_id, round, 0, leaf)
                ).rowcount
            )
        )

    def outcomes(
        self, batch_id: str, round: int, *, after: int = -1, limit: int, leaf: int | None = None
    ) -> list[Outcome]:
        """See ``Countdown.outcomes``."""
        rows = self._db.read(
            """SELECT body FROM outcomes WHERE batch_id = ? AND round = ? AND position > ?
               AND (? IS NULL OR leaf = ?) ORDER BY position LIMIT ?""",
            (batch_id, round, after, leaf, leaf, limit),
        )
        return [Outcome.model_validate_json(row["body"]) for row in rows]

    def outcome(self, ref: JobRef) -> Outcome | None:
        """See ``Countdown.outcome``."""
        rows = self._db.read(
            "SELECT body FROM outcomes WHERE batch_id = ? AND round = ? AND position = ?",
            (ref.batch_id, ref.round, ref.position),
        )
        return Outcome.model_validate_json(rows[0]["body"]) if rows else None


def _settle(
    connection: sqlite3.Connection, batch_id: str, leaf: int, outcomes: Sequence[Outcome], now: int
) -> Settled:
    created = [outcome for outcome in outcomes if _create(connection, leaf, outcome)]
    kinds = [sum(it.copies for it in created if it.kind is kind) for kind in OutcomeKind]
    node = (batch_id, outcomes[0].ref.round, 0, leaf)
    if created:
        shown = experience_of(created)
        busy = round(1e6 * shown.busy_seconds)
        paid = spent(run for outcome in created for run in outcome.runs)
        money = (round(1e6 * paid.seconds), round(1e9 * paid.usd))
        connection.execute(
            f"""UPDATE nodes SET n = n + ?, completed = completed + ?, failed = failed + ?,
                cancelled = cancelled + ?, ran = ran + ?, busy = busy + ?, troubles = troubles + ?,
                used = used + ?, spent = spent + ?, moved_at = max(moved_at, ?) WHERE {_NODE}""",
            (len(created), *kinds, shown.ran, busy, shown.troubles, *money, now, *node),
        )
    n = connection.execute(f"SELECT n FROM nodes WHERE {_NODE}", node).fetchone()["n"]
    return Settled(created=len(created), n=n)


def _create(connection: sqlite3.Connection, leaf: int, outcome: Outcome) -> bool:
    ref = outcome.ref
    created = connection.execute(
        """INSERT OR IGNORE INTO outcomes (batch_id, round, position, leaf, kind, body)
           VALUES (?, ?, ?, ?, ?, ?)""",
        (ref.batch_id, ref.round, ref.position, leaf, outcome.kind.value, outcome.model_dump_json()),
    ).rowcount
    if created:
        connection.execute(
            "DELETE FROM attempts WHERE batch_id = ? AND round = ? AND position = ?",
            (ref.batch_id, ref.round, ref.position),
        )
    return bool(created)


def _fill(
    connection: sqlite3.Connection, batch_id: str, round: int, child: tuple[int, int], parent: tuple[int, int]
) -> int:
    marked = connection.execute(
        f"UPDATE nodes SET filled = 1 WHERE {_NODE} AND filled = 0", (batch_id, round, *child)
    ).rowcount
    if marked:
        connection.execute(f"UPDATE nodes SET n = n + 1 WHERE {_NODE}", (batch_id, round, *parent))
    row = connection.execute(f"SELECT n FROM nodes WHERE {_NODE}", (batch_id, round, *parent)).fetchone()
    return int(row["n"])


def leaves_of(rows: Sequence[Row]) -> list[Leaf]:
    """Leaves from their rows, all at once: each look at a batch reads up to 1,000 of them."""
    return _LEAVES.validate_python([_leaf(row) for row in rows])


def _leaf(row: Row) -> dict[str, Any]:
    return {
        "round": row["round"],
        "k": row["k"],
        "n": row["n"],
        "completed": row["completed"],
        "failed": row["failed"],
        "cancelled": row["cancelled"],
        "experience": {"ran": row["ran"], "busy_seconds": row["busy"] / 1e6, "troubles": row["troubles"]},
        "spent": {"seconds": row["used"] / 1e6, "usd": row["spent"] / 1e9},
        "moved_at": instant(row["moved_at"]),
        "nudged_at": instant_or_none(row["nudged_at"]),
    }
