"""Rounds of many batches in SQLite: three statements, however many there are."""

from collections import defaultdict
from collections.abc import Sequence

from shared.adapters.local.closings import closing_of
from shared.adapters.local.countdown import leaves_of
from shared.adapters.local.database import Database, Row
from shared.models.facts import Round
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
        closings = {_key(row): closing_of(row) for row in self._of(keys, "SELECT * FROM closings WHERE")}
        open_ones = [key for key in keys if key not in closings]
        flying = {
            _key(row): int(row["n"])
            for row in self._of(
                open_ones,
                "SELECT batch_id, round, count(*) AS n FROM attempts WHERE due_at IS NOT NULL AND",
                "GROUP BY batch_id, round",
            )
        }
        nodes = defaultdict[_Key, list[Row]](list)
        for row in self._of(keys, "SELECT * FROM nodes WHERE level = 0 AND", "ORDER BY k"):
            nodes[_key(row)].append(row)
        return [Course(closings.get(key), leaves_of(nodes[key]), flying.get(key, 0)) for key in keys]

    def _of(self, keys: Sequence[_Key], select: str, rest: str = "") -> list[Row]:
        if not keys:
            return []
        places = ", ".join(["(?, ?)"] * len(keys))
        sql = f"{select} (batch_id, round) IN (VALUES {places}) {rest}"
        return self._db.read(sql, [value for key in keys for value in key])


def _key(row: Row) -> _Key:
    return row["batch_id"], row["round"]
