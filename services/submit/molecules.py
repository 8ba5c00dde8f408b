"""What of a library was seen already: on disk, so that memory does not grow with it."""

import hashlib
import sqlite3
from collections.abc import Iterator
from types import TracebackType
from typing import Self


class Molecules:
    """
    The subjects of rows (see ``identity.subject``) by the position of their first row.

    A private temporary database, which SQLite keeps in memory while it is small and deletes at the
    end. 128 bits of SHA-256 stand for one: among a million the odds of a clash are below 1e-26.
    """

    def __enter__(self) -> Self:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute(
            "CREATE TABLE seen (digest BLOB PRIMARY KEY, position INTEGER) WITHOUT ROWID"
        )
        self._connection.execute("CREATE TABLE repeated (position INTEGER PRIMARY KEY, copies INTEGER)")
        self._connection.execute("BEGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def first(self, subject: str, position: int) -> int:
        """The position of the subject's first row, which is ``position`` if it was not seen before."""
        digest = hashlib.sha256(subject.encode()).digest()[:16]
        created = self._connection.execute(
            "INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, position)
        ).rowcount
        if created:
            return position
        sql = "SELECT position FROM seen WHERE digest = ?"
        (found,) = self._connection.execute(sql, (digest,)).fetchone()
        self._connection.execute(
            "INSERT INTO repeated VALUES (?, 2) ON CONFLICT DO UPDATE SET copies = copies + 1", (found,)
        )
        return int(found)

    def copies(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Position and number of rows of the subjects that have several, of this range, ascending."""
        sql = "SELECT position, copies FROM repeated WHERE position >= ? AND position < ? ORDER BY position"
        yield from self._connection.execute(sql, (start, stop))
