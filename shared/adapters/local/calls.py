"""
The embedded engine's memory: one durable row per call.

``spawn`` only stores the order; the process pool of the embedded runner takes it from here, and
writes here how it ended. A call that was running when the runner died runs again under the same id,
as a preempted GPU call does.

Batches share the pool by start-time fair queueing: a call gets a *turn* when it is put in, one step
behind the batch's call before it, and never behind the turn that is being served. Calls are taken by
turn, so a batch of ten does not wait for the hundred thousand that were there before; a step is the
shorter the higher the priority. What is shared is calls, not seconds. Each pick and each spawn looks
up ends of indexes only, however many calls and batches wait.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from uuid import uuid4

from shared.adapters.local.database import Database, Row
from shared.adapters.stamps import instant_or_none, stamp
from shared.models.batch import Priority
from shared.models.work import Envelope, Failure, FailureClass, WorkOrder
from shared.ports.engine import Answered, CallState, Died, Load, Pending, Run
from shared.ports.world import Clock

STEP: Mapping[Priority, int] = {"urgent": 1, "high": 2, "normal": 4, "low": 8}
"""Turns between two calls of a batch: its weight is the inverse, so urgent gets twice what high gets."""

COUNTED = ("running", "waiting")
# Nobody asks for an answer once the round that it belongs to has its artefacts.
PRUNE = """
    DELETE FROM calls WHERE id IN (
        SELECT calls.id FROM closings JOIN calls ON calls.batch_id = closings.batch_id
        WHERE closings.finished_at IS NOT NULL AND calls.state = 'done'
        AND json_extract(calls.orders, '$.ref.round') = closings.round LIMIT ?)"""


@dataclass(frozen=True)
class Call:
    """A stored call, ready to run."""

    call_id: str
    order: WorkOrder


class SqliteCalls:
    """The ``Engine`` port on the table, and the pool's side of it; ``size`` is that of the pool."""

    def __init__(self, database: Database, clock: Clock, *, size: int) -> None:
        self._db = database
        self._clock = clock
        self._size = size
        self.on_spawn: Callable[[], None] = lambda: None
        """Called after each spawn of this process, so that its pool need not poll."""

    def spawn(self, order: WorkOrder) -> str:
        """See ``Engine.spawn``."""
        call_id = f"call_{uuid4().hex}"
        step, values = STEP[order.priority], (order.model_dump_json(), stamp(self._clock.now()))
        self._db.write(lambda connection: _put_in(connection, call_id, order.ref.batch_id, step, values))
        self.on_spawn()
        return call_id

    def poll(self, call_id: str) -> CallState:
        """See ``Engine.poll``."""
        rows = self._db.read("SELECT state, answer, failure FROM calls WHERE call_id = ?", (call_id,))
        if not rows:
            return Died(
                Failure(kind=FailureClass.INFRASTRUCTURE, message="the engine does not know this call")
            )
        row = rows[0]
        if row["answer"]:
            return Answered(Envelope.model_validate_json(row["answer"]))
        if row["failure"]:
            return Died(Failure.model_validate_json(row["failure"]))
        return Pending(started=row["state"] != "waiting")

    def cancel(self, call_id: str) -> None:
        """See ``Engine.cancel``; a running call is killed by the pool at its next look."""
        failure = Failure(kind=FailureClass.CANCELLED, message="cancelled").model_dump_json()
        self._db.write(lambda connection: _cancel(connection, call_id, failure))

    def forget(self, batch_id: str, *, limit: int) -> bool:
        """See ``Engine.forget``."""
        sql = "DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE batch_id = ? LIMIT ?)"
        erased = self._db.write(lambda connection: connection.execute(sql, (batch_id, limit)).rowcount)
        return erased < limit

    def load(self, model: str) -> Load:
        """See ``Engine.load``; models without workers of their own share the one pool."""
        own = self._staff()
        only = frozenset([model]) if model in own else None
        running, waiting = (self._count(state, _chosen(only, own.keys())) for state in COUNTED)
        return Load(own.get(model, self._size), running=running, waiting=waiting)

    def staff(self, own: Mapping[str, int]) -> None:
        """How many workers of the pool that begins run nothing but their one model, by model."""
        self._db.write(lambda connection: _staff(connection, own))

    def _staff(self) -> dict[str, int]:
        return {row["model"]: int(row["workers"]) for row in self._db.read("SELECT * FROM staff")}

    def take(self, limit: int, *, only: Set[str] | None = None, but: Set[str] = frozenset()) -> list[Call]:
        """
        Mark up to ``limit`` waiting calls as running, in the order of their turns, and return them.

        Of the models ``only``, or of all ``but`` these; a choice looks through the calls that wait.
        """
        if not self._db.read("SELECT 1 FROM calls WHERE state = 'waiting' LIMIT 1"):
            return []
        now, (chosen, models) = stamp(self._clock.now()), _chosen(only, but)
        rows = self._db.write(
            lambda connection: connection.execute(
                f"""UPDATE calls SET state = 'running', started_at = ? WHERE id IN
                    (SELECT id FROM calls WHERE state = 'waiting' {chosen} ORDER BY turn, id LIMIT ?)
                    RETURNING id, turn, call_id, orders""",
                (now, *models, limit),
            ).fetchall()
        )
        rows.sort(key=lambda row: (int(row["turn"]), int(row["id"])))
        return [Call(row["call_id"], WorkOrder.model_validate_json(row["orders"])) for row in rows]

    def answer(self, answers: Sequence[tuple[str, Envelope]]) -> None:
        """Keep the envelopes of calls that returned; one that is over keeps what it has."""
        rows = [(envelope.model_dump_json(), stamp(self._clock.now()), call) for call, envelope in answers]
        self._db.write(
            lambda connection: (
                connection.executemany(
                    """UPDATE calls SET state = 'done', answer = ?, finished_at = ?
                   WHERE call_id = ? AND answer IS NULL AND failure IS NULL""",
                    rows,
                ).rowcount
            )
        )

    def cancelling(self) -> list[str]:
        """Running calls that are to be killed."""
        return [
            row["call_id"] for row in self._db.read("SELECT call_id FROM calls WHERE state = 'cancelling'")
        ]

    def killed(self, call_id: str) -> None:
        """The worker of a cancelled call is gone."""
        self._db.write(
            lambda connection: (
                connection.execute(
                    "UPDATE calls SET state = 'done' WHERE call_id = ? AND state = 'cancelling'", (call_id,)
                ).rowcount
            )
        )

    def prune(self, *, limit: int) -> bool:
        """Erase up to ``limit`` calls that are done, of rounds that are finished; whether none is left."""
        return self._db.write(lambda connection: connection.execute(PRUNE, (limit,)).rowcount) < limit

    def restart_interrupted(self) -> int:
        """Let calls of a dead runner run again; only when no other pool runs on this home."""
        return self._db.write(_restart_interrupted)

    def counts(self) -> dict[str, int]:
        """How many calls wait and how many run."""
        return {state: n for state in COUNTED if (n := self._count(state))}

    def _count(self, state: str, which: tuple[str, list[str]] = ("", [])) -> int:
        """Of one state alone, which its own small index answers."""
        chosen, models = which
        sql = f"SELECT count(*) AS n FROM calls WHERE state = '{state}' {chosen}"
        return int(self._db.read(sql, tuple(models))[0]["n"])

    def running(self, *, limit: int) -> list[Run]:
        """See ``Runs.running``."""
        rows = self._db.read(
            """SELECT call_id, orders, started_at FROM calls WHERE state = 'running'
               ORDER BY started_at, id LIMIT ?""",
            (limit,),
        )
        return [_run(row) for row in rows]


def _run(row: Row) -> Run:
    order = WorkOrder.model_validate_json(row["orders"])
    return Run(
        call_id=row["call_id"],
        batch_id=order.ref.batch_id,
        job_id=order.ref.job_id,
        ligand_name=order.ligand_name,
        model=order.model,
        started_at=instant_or_none(row["started_at"]),
    )


def _chosen(only: Set[str] | None, but: Set[str]) -> tuple[str, list[str]]:
    """A condition on the model of an order, with its values; none where all will do."""
    models = sorted(but if only is None else only)
    if not models:
        return "", models
    which = "NOT IN" if only is None else "IN"
    return f"AND json_extract(orders, '$.model') {which} ({', '.join('?' * len(models))})", models


def _staff(connection: sqlite3.Connection, own: Mapping[str, int]) -> int:
    connection.execute("DELETE FROM staff")
    return connection.executemany("INSERT INTO staff VALUES (?, ?)", own.items()).rowcount


def _put_in(
    connection: sqlite3.Connection, call_id: str, batch_id: str, step: int, values: tuple[str, int]
) -> int:
    """Store the call with its turn; an engine that is empty begins to count anew."""
    (served, next_one, own) = connection.execute(
        """SELECT (SELECT max(turn) FROM calls WHERE state = 'running'),
                  (SELECT min(turn) FROM calls WHERE state = 'waiting'),
                  (SELECT max(turn) FROM calls WHERE batch_id = ? AND state IN ('waiting', 'running'))""",
        (batch_id,),
    ).fetchone()
    now_at = served if served is not None else next_one or 0
    turn = now_at if own is None else max(now_at, own + step)
    return connection.execute(
        """INSERT INTO calls (call_id, batch_id, turn, state, orders, created_at)
           VALUES (?, ?, ?, 'waiting', ?, ?)""",
        (call_id, batch_id, turn, *values),
    ).rowcount


def _restart_interrupted(connection: sqlite3.Connection) -> int:
    connection.execute("UPDATE calls SET state = 'done' WHERE state = 'cancelling'")
    return connection.execute("UPDATE calls SET state = 'waiting' WHERE state = 'running'").rowcount


def _cancel(connection: sqlite3.Connection, call_id: str, failure: str) -> None:
    connection.execute(
        """UPDATE calls SET state = iif(state = 'running', 'cancelling', 'done'), failure = ?
           WHERE call_id = ? AND answer IS NULL AND failure IS NULL""",
        (failure, call_id),
    )
