"""Rounds of many batches in SQLite: three statements, however many there are."""

from collections import defaultdict
from collections.abc import Sequence

from shared.adapters.local.closings import closing_of
from shared.adapters.local.countdown import leaves_of
from shared.adapters.local.database import Database, Row
from shared.models.facts import Leaf, Round
from shared.ports.courses import Course

_Key = tuple[str, int]
_LEAST_VARIABLES = 999 // 2
"""How many rounds one statement may name; the smallest limit that SQLite was built with is 999 values."""


class SqliteCourses:
    """The ``Courses`` part of the ledger."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def courses(self, rounds: Sequence[Round]) -> list[Course]:
        """See ``Courses.courses``."""
        found: list[Course] = []
        for start in range(0, len(rounds), _LEAST_VARIABLES):
            found += self._courses(
                [(it.batch_id, it.number) for it in rounds[start : start + _LEAST_VARIABLES]]
            )
        return found

    def _courses(self, keys: Sequence[_Key]) -> list[Course]:
        closings = {_key(row): closing_of(row) for row in self._of(keys, "closings.*", "closings")}
        open_ones = [key for key in keys if key not in closings]
        flying = {
            _key(row): int(row["n"])
            for row in self._of(
                open_ones,
                "batch_id, round, count(*) AS n",
                "attempts",
                "WHERE due_at IS NOT NULL GROUP BY batch_id, round",
            )
        }
        rows = self._of(keys, "nodes.*", "nodes", "WHERE level = 0 ORDER BY k")
        leaves = defaultdict[_Key, list[Leaf]](list)
        for row, leaf in zip(rows, leaves_of(rows), strict=True):
            leaves[_key(row)].append(leaf)
        return [Course(closings.get(key), leaves[key], flying.get(key, 0)) for key in keys]

    def _of(self, keys: Sequence[_Key], columns: str, table: str, rest: str = "") -> list[Row]:
        """Rows of these rounds, by a join: for ``(…) IN (VALUES …)`` SQLite reads the whole table."""
        if not keys:
            return []
        keys = list(dict.fromkeys(keys))
        places = ", ".join(["(?, ?)"] * len(keys))
        sql = f"""WITH wanted (of_batch, of_round) AS (VALUES {places}) SELECT {columns}
            FROM wanted CROSS JOIN {table} ON batch_id = of_batch AND round = of_round {rest}"""
        return self._db.read(sql, [value for key in keys for value in key])


def _key(row: Row) -> _Key:
    return row["batch_id"], row["round"]
