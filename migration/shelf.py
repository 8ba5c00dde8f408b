"""
Everything that was read of a source, on disk: documents in their groups, folders of objects, verdicts.

A database of its own that is thrown away afterwards, so that memory holds one old batch at a time.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from migration.documents import Document, documents
from migration.evidence import Load
from migration.objects import job_folders
from migration.records import Group, Record, Role, read_record
from migration.verdicts import Finding, Verdict

MOST_IN_GROUP = 20_000
TABLES = """
    CREATE TABLE documents (
        seq INTEGER PRIMARY KEY, collection TEXT NOT NULL, place TEXT NOT NULL, key TEXT, id TEXT, role TEXT,
        parent TEXT, batch TEXT, inline INTEGER, body TEXT, verdict TEXT, reason TEXT, batch_id TEXT);
    CREATE INDEX documents_by_id ON documents (id, collection);
    CREATE INDEX documents_by_batch ON documents (batch) WHERE verdict IS NULL;
    CREATE TABLE listed (child TEXT PRIMARY KEY, parent TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE folders (job TEXT NOT NULL, batch TEXT, path TEXT PRIMARY KEY, rank INTEGER NOT NULL);
    CREATE INDEX folders_by_job ON folders (job);
"""
STRAY = "FROM folders WHERE job NOT IN (SELECT id FROM documents WHERE id IS NOT NULL)"
GROUPING = """
    UPDATE documents SET role = 'batch_child',
        parent = (SELECT l.parent FROM listed l WHERE l.child = documents.id)
        WHERE verdict IS NULL AND parent IS NULL AND role = 'individual'
        AND EXISTS (SELECT 1 FROM listed l WHERE l.child = documents.id AND l.parent != documents.id);
    UPDATE documents SET role = 'batch_parent' WHERE verdict IS NULL
        AND id IN (SELECT parent FROM documents WHERE parent IS NOT NULL AND verdict IS NULL);
    UPDATE documents SET batch = CASE WHEN role = 'batch_parent' THEN id ELSE coalesce(parent, id) END
        WHERE verdict IS NULL;
"""


class Shelf:
    """A context for one pass over a source; ``file`` is where the database lies."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None)
        self._source = Path()
        self._db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + TABLES)

    def close(self) -> None:
        self._db.close()

    def fill(self, source: Path) -> None:
        """Read the source, and find out which documents belong together."""
        self._db.execute("BEGIN")
        self._source = source
        for document in documents(source):
            self._add(document)
        for folder in job_folders(source):
            self._db.execute(
                "INSERT OR IGNORE INTO folders VALUES (?, ?, ?, ?)",
                (folder.job, folder.batch, str(folder.path), folder.rank),
            )
        self._db.execute("COMMIT")
        self._db.executescript(GROUPING)

    @property
    def is_empty(self) -> bool:
        """Whether the source held nothing at all."""
        found = "SELECT EXISTS (SELECT 1 FROM documents) OR EXISTS (SELECT 1 FROM folders)"
        return not self._count(found)

    def groups(self) -> Iterator[Group]:
        """Old batches by id; what was decided of one may be noted before the next is taken."""
        last = ""
        while row := self._db.execute(
            "SELECT min(batch) FROM documents WHERE verdict IS NULL AND batch > ?", (last,)
        ).fetchone():
            if row[0] is None:
                return
            last = row[0]
            yield self._group(last)

    def folders(self, job: str, batch: str) -> list[Path]:
        """Where objects of the job are, those of this batch first."""
        rows = self._db.execute(
            "SELECT path FROM folders WHERE job = ? ORDER BY coalesce(batch, '') != ?, rank, path",
            (job, batch),
        )
        return [Path(path) for (path,) in rows]

    def results(self, job: str) -> list[Load]:
        """What documents hold of the job's result, those of ``jobs`` first; each read when called."""
        rows = self._db.execute(
            "SELECT seq FROM documents WHERE id = ? AND verdict IS NOT 'error' AND inline ORDER BY seq",
            (job,),
        )
        return [partial(self._result, number) for (number,) in rows]

    def _result(self, number: int) -> Mapping[str, Any]:
        row = self._db.execute(
            "SELECT collection, place, key, body FROM documents WHERE seq = ?", (number,)
        ).fetchone()
        return _record(row).result or {}

    def note(self, number: int, verdict: Verdict, reason: str, batch_id: str | None = None) -> None:
        """What became of a document. The first word stands."""
        self._db.execute(
            "UPDATE documents SET verdict = ?, reason = ?, batch_id = ? WHERE seq = ? AND verdict IS NULL",
            (verdict, reason, batch_id, number),
        )

    def findings(self, verdict: Verdict) -> Iterator[Finding]:
        """Every document with this verdict, in the order of the source."""
        for place, id, reason, batch_id in self._db.execute(
            "SELECT place, id, reason, batch_id FROM documents WHERE verdict = ? ORDER BY seq", (verdict,)
        ):
            yield Finding("document", id, place, verdict, reason, batch_id)

    def stray_objects(self) -> Iterator[Finding]:
        """Every folder of objects of a job that no document names."""
        for job, path in self._db.execute(f"SELECT job, path {STRAY} ORDER BY path"):
            place = str(Path(path).relative_to(self._source))
            yield Finding("objects", job, place, Verdict.SKIPPED, "objects without a document", None)

    def totals(self) -> dict[str, int]:
        """How many documents met which verdict, in how many batches they are, and what strayed."""
        counted = "SELECT verdict, count(*) FROM documents GROUP BY verdict"
        found = dict.fromkeys(Verdict, 0) | {Verdict(verdict): n for verdict, n in self._db.execute(counted)}
        return {
            "documents": sum(found.values()),
            "migrated": found[Verdict.MIGRATED],
            "skipped": found[Verdict.SKIPPED],
            "errors": found[Verdict.ERROR],
            "batches": self._count("SELECT count(DISTINCT batch_id) FROM documents"),
            "objects_without_document": self._count(f"SELECT count(*) {STRAY}"),
        }

    def _count(self, query: str) -> int:
        return int(self._db.execute(query).fetchone()[0])

    def _add(self, document: Document) -> None:
        try:
            if document.problem is not None:
                raise ValueError(document.problem)
            record = read_record(document)
        except ValueError as error:
            self._insert(document, document.key, None, None, str(error))
            return
        first = self._db.execute(
            "SELECT collection, body FROM documents WHERE id = ? ORDER BY seq LIMIT 1", (record.id,)
        ).fetchone()
        body = json.dumps(document.body)
        number = self._insert(document, record.id, record, body, None)
        if first is not None:
            self._repeated(number, document, body, first)
            return
        self._db.executemany(
            "INSERT OR IGNORE INTO listed VALUES (?, ?)", [(child, record.id) for child in record.children]
        )

    def _insert(
        self, document: Document, id: str | None, record: Record | None, body: str | None, problem: str | None
    ) -> int:
        role, parent = (None, None) if record is None else (record.role.value, record.parent_id)
        verdict = None if problem is None else Verdict.ERROR.value
        where = (document.collection, document.place, document.key)
        number = self._db.execute(
            "INSERT INTO documents (collection, place, key, id, role, parent, inline, body, verdict, reason) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*where, id, role, parent, bool(record and record.result), body, verdict, problem),
        ).lastrowid
        assert number is not None, "an insert has a row"
        return number

    def _repeated(self, number: int, document: Document, body: str, first: tuple[str, str | None]) -> None:
        collection, known = first
        if collection != document.collection:
            self.note(number, Verdict.SKIPPED, f"is in {collection} too, and is read there")
        elif body == known:
            self.note(number, Verdict.SKIPPED, "stands in the source twice")
        else:
            self.note(number, Verdict.ERROR, "has the id of an earlier document, which says something else")

    def _group(self, batch: str) -> Group:
        rows = self._db.execute(
            "SELECT seq, role, collection, place, key, body FROM documents "
            "WHERE batch = ? AND verdict IS NULL ORDER BY seq LIMIT ?",
            (batch, MOST_IN_GROUP + 1),
        ).fetchall()
        parents = [(seq, _light(rest)) for seq, role, *rest in rows if role == Role.PARENT]
        children = [(seq, _light(rest)) for seq, role, *rest in rows if role != Role.PARENT]
        return Group(batch, parents[0] if parents else None, tuple(children), len(rows) > MOST_IN_GROUP)

    def note_group(self, group: Group, verdict: Verdict, reason: str, batch_id: str | None = None) -> None:
        """One word for all documents of an old batch, however many they are."""
        self._db.execute(
            "UPDATE documents SET verdict = ?, reason = ?, batch_id = ? WHERE batch = ? AND verdict IS NULL",
            (verdict, reason, batch_id, group.id),
        )


def _light(row: Any) -> Record:
    """A record without its result, which may be large and is read when it is wanted."""
    return replace(_record(row), result=None)


def _record(row: Any) -> Record:
    collection, place, key, body = row
    return read_record(Document(collection, place, key, json.loads(body)))
