"""Endpoints and deliveries in SQLite."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime

from shared.adapters.local.database import Database
from shared.adapters.stamps import stamp, stamp_or_none
from shared.errors import NotFound
from shared.models.hooks import Delivery, Endpoint

NOBODY = ""
"""In place of the owner of an endpoint that is a batch's: it is not found among its owner's."""


class SqliteHooks:
    """See ``Hooks``."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, endpoint: Endpoint, *, most: int) -> bool:
        """See ``Hooks.add``."""

        def step(connection: sqlite3.Connection) -> bool:
            counted = "SELECT count(*) FROM hooks WHERE owner = ?"
            if connection.execute(counted, (endpoint.owner,)).fetchone()[0] >= most:
                return False
            values = (endpoint.id, endpoint.owner, stamp(endpoint.created_at), endpoint.model_dump_json())
            connection.execute("INSERT INTO hooks (id, owner, created_at, body) VALUES (?, ?, ?, ?)", values)
            return True

        return self._db.write(step)

    def add_to_batch(self, endpoint: Endpoint) -> None:
        """See ``Hooks.add_to_batch``."""
        row = (endpoint.id, NOBODY, stamp(endpoint.created_at), endpoint.model_dump_json(), endpoint.batch_id)
        sql = "INSERT OR IGNORE INTO hooks (id, owner, created_at, body, batch_id) VALUES (?, ?, ?, ?, ?)"
        self._db.write(lambda connection: connection.execute(sql, row).rowcount)

    def endpoint(self, endpoint_id: str) -> Endpoint:
        """See ``Hooks.endpoint``."""
        for row in self._db.read("SELECT body FROM hooks WHERE id = ?", (endpoint_id,)):
            return Endpoint.model_validate_json(row["body"])
        raise NotFound(f"no webhook {endpoint_id}")

    def endpoints(self, owner: str, *, limit: int) -> list[Endpoint]:
        """See ``Hooks.endpoints``."""
        sql = "SELECT body FROM hooks WHERE owner = ? ORDER BY created_at, id LIMIT ?"
        return [Endpoint.model_validate_json(row["body"]) for row in self._db.read(sql, (owner, limit))]

    def change_endpoint(
        self, endpoint_id: str, decide: Callable[[Endpoint], Endpoint | None]
    ) -> Endpoint | None:
        """See ``Hooks.change_endpoint``."""

        def step(connection: sqlite3.Connection) -> Endpoint | None:
            row = connection.execute("SELECT body FROM hooks WHERE id = ?", (endpoint_id,)).fetchone()
            new = None if row is None else decide(Endpoint.model_validate_json(row["body"]))
            if new is not None:
                values = (new.model_dump_json(), endpoint_id)
                connection.execute("UPDATE hooks SET body = ? WHERE id = ?", values)
            return new

        return self._db.write(step)

    def remove(self, endpoint_id: str) -> None:
        """See ``Hooks.remove``."""
        sql = "DELETE FROM hooks WHERE id = ?"
        self._db.write(lambda connection: connection.execute(sql, (endpoint_id,)).rowcount)

    def note(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """See ``Hooks.note``."""

        def step(connection: sqlite3.Connection) -> list[Delivery]:
            return [it for it in deliveries if _insert(connection, it)]

        return self._db.write(step) if deliveries else []

    def delivery(self, delivery_id: str) -> Delivery:
        """See ``Hooks.delivery``."""
        for row in self._db.read("SELECT body FROM notices WHERE id = ?", (delivery_id,)):
            return Delivery.model_validate_json(row["body"])
        raise NotFound(f"no delivery {delivery_id}")

    def deliveries(self, endpoint_id: str, *, limit: int, after: str | None = None) -> list[Delivery]:
        """See ``Hooks.deliveries``."""
        sql, values = "SELECT body FROM notices WHERE endpoint_id = ?", [endpoint_id]
        if after is not None:
            sql += " AND (created_at, id) < (SELECT created_at, id FROM notices WHERE id = ?)"
            values.append(after)
        return self._found(f"{sql} ORDER BY created_at DESC, id DESC LIMIT ?", *values, limit)

    def change_delivery(
        self, delivery_id: str, decide: Callable[[Delivery], Delivery | None]
    ) -> Delivery | None:
        """See ``Hooks.change_delivery``."""

        def step(connection: sqlite3.Connection) -> Delivery | None:
            row = connection.execute("SELECT body FROM notices WHERE id = ?", (delivery_id,)).fetchone()
            new = None if row is None else decide(Delivery.model_validate_json(row["body"]))
            if new is not None:
                values = (new.model_dump_json(), stamp_or_none(new.due_at), delivery_id)
                connection.execute("UPDATE notices SET body = ?, due_at = ? WHERE id = ?", values)
            return new

        return self._db.write(step)

    def due(self, now: datetime, *, limit: int) -> list[Delivery]:
        """See ``Hooks.due``."""
        sql = "SELECT body FROM notices WHERE due_at <= ? ORDER BY due_at, id LIMIT ?"
        return self._found(sql, stamp(now), limit)

    def forget_batch(self, batch_id: str, *, limit: int) -> bool:
        """See ``Hooks.forget_batch``."""
        sql = "DELETE FROM hooks WHERE batch_id = ?"
        self._db.write(lambda connection: connection.execute(sql, (batch_id,)).rowcount)
        return self._forget("batch_id = ?", batch_id, limit) < limit

    def forget_before(self, time: datetime, *, limit: int) -> int:
        """See ``Hooks.forget_before``."""
        return self._forget("created_at < ?", stamp(time), limit)

    def _forget(self, condition: str, value: object, limit: int) -> int:
        sql = f"DELETE FROM notices WHERE id IN (SELECT id FROM notices WHERE {condition} LIMIT ?)"
        return self._db.write(lambda connection: connection.execute(sql, (value, limit)).rowcount)

    def _found(self, sql: str, *values: object) -> list[Delivery]:
        return [Delivery.model_validate_json(row["body"]) for row in self._db.read(sql, values)]


def _insert(connection: sqlite3.Connection, delivery: Delivery) -> bool:
    row = (
        *(delivery.id, delivery.endpoint_id, delivery.batch_id, stamp(delivery.created_at)),
        *(stamp_or_none(delivery.due_at), delivery.model_dump_json()),
    )
    sql = """INSERT OR IGNORE INTO notices (id, endpoint_id, batch_id, created_at, due_at, body)
             VALUES (?, ?, ?, ?, ?, ?)"""
    return bool(connection.execute(sql, row).rowcount)
