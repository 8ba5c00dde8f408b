"""API keys in SQLite."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime

from shared.adapters.local.database import Database, Row
from shared.adapters.stamps import instant_or_none, stamp
from shared.domain import keys
from shared.errors import NotFound
from shared.models.access import ApiKey


class SqliteKeys:
    """See ``Keys``."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def create(self, key: ApiKey) -> bool:
        """See ``Keys.create``."""
        values = (key.id, key.owner, stamp(key.created_at), key.model_dump_json())
        sql = "INSERT OR IGNORE INTO api_keys (id, owner, created_at, body) VALUES (?, ?, ?, ?)"
        return self._db.write(lambda connection: connection.execute(sql, values).rowcount) == 1

    def find(self, key_id: str) -> ApiKey:
        """See ``Keys.find``."""
        return _only(self._db.read("SELECT * FROM api_keys WHERE id = ?", (key_id,)), key_id)

    def of_owner(self, owner: str, *, limit: int, after: str | None) -> Sequence[ApiKey]:
        """See ``Keys.of_owner``."""
        sql, values = "SELECT * FROM api_keys WHERE owner = ?", (owner,)
        behind: tuple[object, ...] = ()
        if after is not None:
            last = self.find(after)
            if last.owner != owner:
                raise NotFound(f"no key {after}")
            sql += " AND (created_at, id) < (?, ?)"
            behind = (stamp(last.created_at), after)
        rows = self._db.read(f"{sql} ORDER BY created_at DESC, id DESC LIMIT ?", (*values, *behind, limit))
        return [_key(row) for row in rows]

    def revoke(self, key_id: str, *, now: datetime) -> ApiKey:
        """See ``Keys.revoke``."""
        return self._change(key_id, lambda key: keys.revoked(key, now))

    def rotate(self, key_id: str, digest: str, *, old_until: datetime) -> ApiKey:
        """See ``Keys.rotate``."""
        return self._change(key_id, lambda key: keys.rotated(key, digest, old_until))

    def touch(self, key_id: str, *, now: datetime) -> None:
        """See ``Keys.touch``."""
        values = (stamp(now), key_id, stamp(now - keys.TOUCHED_EVERY))
        sql = "UPDATE api_keys SET used_at = ? WHERE id = ? AND (used_at IS NULL OR used_at <= ?)"
        self._db.write(lambda connection: connection.execute(sql, values).rowcount)

    def any(self) -> bool:
        """See ``Keys.any``."""
        return bool(self._db.read("SELECT 1 FROM api_keys LIMIT 1"))

    def _change(self, key_id: str, change: Callable[[ApiKey], ApiKey]) -> ApiKey:
        def step(connection: sqlite3.Connection) -> ApiKey:
            rows = connection.execute("SELECT * FROM api_keys WHERE id = ?", (key_id,)).fetchall()
            key = change(_only(rows, key_id))
            connection.execute("UPDATE api_keys SET body = ? WHERE id = ?", (key.model_dump_json(), key_id))
            return key

        return self._db.write(step)


def _only(rows: list[Row], key_id: str) -> ApiKey:
    if not rows:
        raise NotFound(f"no key {key_id[:20]!r}")
    return _key(rows[0])


def _key(row: Row) -> ApiKey:
    key = ApiKey.model_validate_json(row["body"])
    return key.model_copy(update={"last_used_at": instant_or_none(row["used_at"])})
