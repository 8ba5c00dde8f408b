"""What owners have used, in SQLite."""

import sqlite3

from shared.adapters.local.database import Database
from shared.models.consumption import Consumption
from shared.ports.consumptions import Decide


class SqliteConsumptions:
    """The ``Consumptions`` of the embedded backend."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def consumption(self, owner: str) -> Consumption:
        """See ``Consumptions.consumption``."""
        rows = self._db.read("SELECT body FROM consumption WHERE owner = ?", (owner,))
        return Consumption.model_validate_json(rows[0]["body"]) if rows else Consumption()

    def change(self, owner: str, decide: Decide) -> Consumption:
        """See ``Consumptions.change``."""
        return self._db.write(lambda connection: _change(connection, owner, decide))


def _change(connection: sqlite3.Connection, owner: str, decide: Decide) -> Consumption:
    row = connection.execute("SELECT body FROM consumption WHERE owner = ?", (owner,)).fetchone()
    before = Consumption.model_validate_json(row["body"]) if row else Consumption()
    after = decide(before)
    if after != before:
        connection.execute(
            "INSERT OR REPLACE INTO consumption (owner, body) VALUES (?, ?)",
            (owner, after.model_dump_json()),
        )
    return after
