"""
One SQLite file for all embedded state, with grouped commits.

WAL lets readers go on while one writer commits. A disk does some hundred ``fsync`` a second, so
writes of all threads are collected by one writer thread and committed together: each runs in its
own savepoint, so that one that fails takes no other down, and no caller is answered before the
commit that holds its write is on disk. Several processes may open the same file.
"""

import itertools
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from shared.errors import Unavailable

BUSY_SECONDS = 30.0
MOST_IN_GROUP = 256
Row = sqlite3.Row
T = TypeVar("T")


@dataclass
class _Work:
    step: Callable[[sqlite3.Connection], Any]
    done: "Future[Any]"


class Database:
    """The file, its schema, reads on the caller's thread and writes in groups."""

    def __init__(self, path: Path, steps: Sequence[Sequence[str]], *, fsync: bool = True) -> None:
        self.path = path
        self._steps = steps
        self._synchronous = "FULL" if fsync else "OFF"
        self._readers = threading.local()
        self._start = threading.Lock()
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._pid = os.getpid()

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Rows of one statement, from a snapshot of what is committed."""
        with _translated():
            return self._reader().execute(sql, parameters).fetchall()

    def write(self, step: Callable[[sqlite3.Connection], T]) -> T:
        """
        Run ``step`` in a transaction and return its answer once that is durable.

        The step may run with others in one commit; if it raises, its own changes alone are undone.
        """
        self._ensure_writer()
        done: Future[T] = Future()
        self._work.put(_Work(step, done))
        return done.result()

    def close(self) -> None:
        """Finish queued writes and end the writer thread."""
        if self._writer is not None and self._pid == os.getpid():
            self._work.put(None)
            self._writer.join()
            self._writer = None

    def _reader(self) -> sqlite3.Connection:
        if getattr(self._readers, "pid", None) != os.getpid():
            self._ensure_writer()
            self._readers.connection, self._readers.pid = self._connect(), os.getpid()
        connection: sqlite3.Connection = self._readers.connection
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        _use_wal(connection)
        connection.execute(f"PRAGMA synchronous={self._synchronous}")
        return connection

    def _ensure_writer(self) -> None:
        with self._start:
            if self._pid != os.getpid():  # a fork: threads and queued work stayed with the parent
                self._work, self._writer, self._pid = queue.SimpleQueue(), None, os.getpid()
            if self._writer is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with _translated():
                    connection = self._connect()
                    _bring_up_to_date(connection, self._steps)
                self._writer = threading.Thread(
                    target=self._commit_groups,
                    args=(connection, self._work),
                    name="sqlite-writer",
                    daemon=True,
                )
                self._writer.start()

    @staticmethod
    def _commit_groups(connection: sqlite3.Connection, work: "queue.SimpleQueue[_Work | None]") -> None:
        running = True
        while running:
            group = _next_group(work)
            running = None not in group
            _commit(connection, [item for item in group if item is not None])
        connection.close()


def _bring_up_to_date(connection: sqlite3.Connection, steps: Sequence[Sequence[str]]) -> None:
    """Apply the steps that the file has not had; of several processes, one does it and the others wait."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        (had,) = connection.execute("PRAGMA user_version").fetchone()
        if had > len(steps):
            raise Unavailable("the state was written by a newer version of this program; use that one")
        for statement in itertools.chain.from_iterable(steps[had:]):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={len(steps)}")
    except BaseException:
        connection.execute("ROLLBACK")
        connection.close()
        raise
    connection.execute("COMMIT")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Of processes that make the file together, SQLite lets one switch and does not let the others wait."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        time.sleep(0.005)


def _next_group(work: "queue.SimpleQueue[_Work | None]") -> list[_Work | None]:
    group = [work.get()]
    while group[-1] is not None and len(group) < MOST_IN_GROUP:
        try:
            group.append(work.get_nowait())
        except queue.Empty:
            break
    return group


def _commit(connection: sqlite3.Connection, group: list[_Work]) -> None:
    """Answer every caller of the group: its value, its own error, or that the commit failed."""
    answers: list[tuple[_Work, Any, BaseException | None]] = []
    try:
        connection.execute("BEGIN IMMEDIATE")
        for item in group:
            answers.append((item, *_in_savepoint(connection, item)))
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        refusal = Unavailable(f"the database did not commit: {error}")
        answers = [(item, None, refusal) for item in group]
    for item, value, refused in answers:
        if refused is None:
            item.done.set_result(value)
        else:
            item.done.set_exception(refused)


def _in_savepoint(connection: sqlite3.Connection, item: _Work) -> tuple[Any, BaseException | None]:
    connection.execute("SAVEPOINT one")
    try:
        value = item.step(connection)
    except BaseException as error:  # carried to the caller's thread, where it is raised
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        if isinstance(error, sqlite3.Error):
            return None, _unavailable(error)
        return None, error
    connection.execute("RELEASE one")
    return value, None


def _unavailable(error: sqlite3.Error) -> Unavailable:
    refusal = Unavailable(f"the database refused: {error}")
    refusal.__cause__ = error
    return refusal


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _unavailable(error) from error
