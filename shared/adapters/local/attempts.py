"""Attempts in SQLite: claims, calls, and what is overdue."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter

from shared.adapters.local.database import Database, Row
from shared.adapters.stamps import instant, instant_or_none, stamp
from shared.models.costs import Usage
from shared.models.facts import Attempt, Line, Outcome
from shared.models.work import Failure, JobRef

MOST_IN_QUERY = 500
_RUNS = TypeAdapter(tuple[Usage, ...])
# SQLite would rather walk all attempts of the round, which are as many as its ligands.
_OPEN = "attempts INDEXED BY attempts_open WHERE batch_id = ? AND round = ? AND due_at IS NOT NULL"
_KEY = "batch_id = ? AND round = ? AND position = ? AND number = ?"


class SqliteAttempts:
    """The ``Attempts`` part of the ledger."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def claim(self, ref: JobRef, *, now: datetime, lease_until: datetime) -> Attempt | None:
        """See ``Attempts.claim``."""
        return self._db.write(lambda connection: _claim(connection, ref, stamp(now), stamp(lease_until)))

    def unclaim(self, ref: JobRef, *, now: datetime) -> None:
        """See ``Attempts.unclaim``."""
        self._update(
            ref,
            "lease_until = min(lease_until, ?), due_at = min(due_at, ?), claims = claims - 1",
            (stamp(now), stamp(now)),
            "call_id IS NULL",
        )

    def note_call(self, ref: JobRef, call_id: str, *, deadline: datetime, due_at: datetime) -> bool:
        """See ``Attempts.note_call``."""
        noted = self._update(
            ref,
            "call_id = ?, deadline = ?, due_at = iif(due_at IS NULL, NULL, ?)",
            (call_id, stamp(deadline), stamp(due_at)),
            "(call_id IS NULL OR call_id = ?)",
            (call_id,),
        )
        return bool(noted)

    def note_failure(
        self, ref: JobRef, failure: Failure, *, due_at: datetime, runs: Sequence[Usage] = ()
    ) -> None:
        """See ``Attempts.note_failure``."""
        self._update(
            ref,
            "failure = ?, runs = ?, due_at = iif(due_at IS NULL, NULL, ?)",
            (failure.model_dump_json(), _RUNS.dump_json(tuple(runs)).decode(), stamp(due_at)),
            "failure IS NULL",
        )

    def postpone(self, ref: JobRef, due_at: datetime | None) -> None:
        """See ``Attempts.postpone``."""
        if due_at is not None:
            self._update(ref, "due_at = ?", (stamp(due_at),), "due_at IS NOT NULL")
        else:
            self._db.write(
                lambda connection: (
                    connection.execute(f"DELETE FROM attempts WHERE {_KEY}", _key(ref)).rowcount
                )
            )

    def overdue(self, now: datetime, *, limit: int, batch_id: str | None = None) -> list[Attempt]:
        """See ``Attempts.overdue``."""
        rows = self._db.read(
            """SELECT * FROM attempts WHERE due_at <= ? AND (? IS NULL OR batch_id = ?)
               ORDER BY due_at LIMIT ?""",
            (stamp(now), batch_id, batch_id, limit),
        )
        return [_attempt(row) for row in rows]

    def attempts(self, batch_id: str, round: int, positions: Sequence[int]) -> list[Attempt]:
        """See ``Attempts.attempts``."""
        found: list[Row] = []
        wanted = sorted(set(positions))
        for start in range(0, len(wanted), MOST_IN_QUERY):
            some = wanted[start : start + MOST_IN_QUERY]
            found += self._db.read(
                f"""SELECT * FROM attempts WHERE batch_id = ? AND round = ? AND due_at IS NOT NULL
                    AND position IN ({",".join("?" * len(some))}) ORDER BY position""",
                (batch_id, round, *some),
            )
        return [_attempt(row) for row in found]

    def in_flight(self, batch_id: str, round: int) -> int:
        """See ``Attempts.in_flight``."""
        rows = self._db.read(
            f"SELECT count(*) AS n FROM {_OPEN}",
            (batch_id, round),
        )
        return int(rows[0]["n"])

    def line(self, batch_id: str, round: int, position: int | None = None) -> Line:
        """See ``Attempts.line``."""
        of_round, of_job = (batch_id, round), (batch_id, round, position)
        row = self._db.read(
            f"""SELECT (SELECT count(*) FROM {_OPEN}) AS in_flight,
                      (SELECT coalesce(place, position) FROM attempts WHERE batch_id = ? AND round = ?
                       ORDER BY position DESC LIMIT 1) AS begun,
                      (SELECT body FROM outcomes WHERE batch_id = ? AND round = ?
                       ORDER BY position DESC LIMIT 1) AS settled,
                      EXISTS (SELECT 1 FROM attempts WHERE batch_id = ? AND round = ? AND position = ?)
                      OR EXISTS (SELECT 1 FROM outcomes WHERE batch_id = ? AND round = ? AND position = ?)
                      AS holds""",
            (*of_round * 3, *of_job * 2),
        )[0]
        begun = -1 if row["begun"] is None else int(row["begun"])
        settled = Outcome.model_validate_json(row["settled"]).ref.place_in_round if row["settled"] else -1
        return Line(in_flight=row["in_flight"], last=max(begun, settled), holds=bool(row["holds"]))

    def open_places(self, batch_id: str, round: int) -> list[int]:
        """See ``Attempts.open_places``."""
        rows = self._db.read(
            f"SELECT coalesce(place, position) AS place FROM {_OPEN} ORDER BY position",
            (batch_id, round),
        )
        return [row["place"] for row in rows]

    def _update(
        self, ref: JobRef, change: str, values: Sequence[object], guard: str, more: Sequence[object] = ()
    ) -> int:
        sql = f"UPDATE attempts SET {change} WHERE {_KEY} AND {guard}"
        return self._db.write(
            lambda connection: connection.execute(sql, (*values, *_key(ref), *more)).rowcount
        )


def _key(ref: JobRef) -> tuple[str, int, int, int]:
    return ref.batch_id, ref.round, ref.position, ref.attempt


def _claim(connection: sqlite3.Connection, ref: JobRef, now: int, lease_until: int) -> Attempt | None:
    row = connection.execute(
        """INSERT INTO attempts (batch_id, round, position, number, place, job_id, claims, claimed_at,
               lease_until, due_at)
           SELECT ?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8, ?8 WHERE NOT EXISTS
               (SELECT 1 FROM outcomes WHERE batch_id = ?1 AND round = ?2 AND position = ?3)
           AND NOT EXISTS
               (SELECT 1 FROM attempts WHERE batch_id = ?1 AND round = ?2 AND position = ?3 AND number > ?4)
           ON CONFLICT DO UPDATE SET claims = claims + 1, claimed_at = excluded.claimed_at,
               lease_until = excluded.lease_until, due_at = excluded.due_at
           WHERE call_id IS NULL AND failure IS NULL AND lease_until <= excluded.claimed_at
           RETURNING *""",
        (*_key(ref), ref.place, ref.job_id, now, lease_until),
    ).fetchone()
    if row is None:
        return None
    if ref.attempt > 1:
        older = connection.execute(
            """SELECT runs FROM attempts WHERE batch_id = ? AND round = ? AND position = ? AND number < ?
               ORDER BY number DESC LIMIT 1""",
            _key(ref),
        ).fetchone()
        if older is not None:
            row = connection.execute(
                f"UPDATE attempts SET runs = ? WHERE {_KEY} RETURNING *", (older["runs"], *_key(ref))
            ).fetchone()
        connection.execute(
            "DELETE FROM attempts WHERE batch_id = ? AND round = ? AND position = ? AND number < ?",
            _key(ref),
        )
    return _attempt(row)


def _attempt(row: Row) -> Attempt:
    return Attempt(
        ref=JobRef(
            batch_id=row["batch_id"],
            job_id=row["job_id"],
            round=row["round"],
            position=row["position"],
            place=row["place"],
            attempt=row["number"],
        ),
        claims=row["claims"],
        claimed_at=instant(row["claimed_at"]),
        lease_until=instant(row["lease_until"]),
        call_id=row["call_id"],
        deadline=instant_or_none(row["deadline"]),
        failure=Failure.model_validate_json(row["failure"]) if row["failure"] else None,
        runs=_RUNS.validate_json(row["runs"]),
        due_at=instant_or_none(row["due_at"]),
    )
