"""The writers of all artefacts that grow with the library, fed in one pass over its rows."""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from pydantic_core import to_json

from services.aggregate import indexes
from services.aggregate.columnar import BLOCK, ColumnsJson, ParquetTable
from services.aggregate.columns import Layout
from services.aggregate.documents import BatchRecord, job_metadata
from services.aggregate.streams import CsvTable, JsonMembers, Spool, gzip_lines, member
from services.aggregate.tables import Files, Row, Table
from shared.models.work import Artefact
from shared.steps.results import ROWS_PER_PAGE, page_key


class Writers:
    """One writer per artefact; their temporary files are closed with ``stack``."""

    def __init__(self, record: BatchRecord, layout: Layout, stack: ExitStack) -> None:
        def spool() -> Spool:
            return stack.enter_context(Spool())

        self._record, self._layout = record, layout
        self.rows = JsonMembers(spool(), "jobs")
        self.children = JsonMembers(spool(), "child_job_ids")
        self.index = JsonMembers(spool(), "individual_jobs")
        self.places = JsonMembers(spool(), "jobs", "{}")
        self.aggregated = JsonMembers(spool(), "results")
        self.rejected = CsvTable(spool(), indexes.REJECTED)
        self.table = CsvTable(spool(), layout.names)
        self.parquet = ParquetTable(spool(), layout.columns, record.about())
        stack.callback(self.parquet.close)
        self.columns = ColumnsJson(spool(), layout.columns)
        self._stored, self._left = (JsonMembers(spool(), "artefacts") for _ in range(2))
        self._block: list[list[Any]] = []

    def write(self, table: Table) -> Iterator[tuple[str, bytes]]:
        """Feed every row to every writer; what comes out are the small objects, to be stored as they come."""
        batch_id = self._record.batch.batch_id
        rows = table.rows()
        for number in itertools.count():
            page = list[bytes]()
            for row, files in itertools.islice(rows, ROWS_PER_PAGE):
                page.append(self._add(row, files))
                if files:
                    key = f"batches/{batch_id}/jobs/{row['job_id']}/metadata.json"
                    yield key, to_json(job_metadata(self._record, row), indent=1)
            if not page:
                break
            yield page_key(batch_id, number), gzip_lines(page)
        self._flush()

    def stored(self, file: Artefact) -> None:
        """Take what was stored, for the manifest."""
        self._stored.add(to_json(file))

    def manifest(self, head: Mapping[str, Any]) -> Iterator[bytes]:
        """``manifest.json``: all that was stored, then what the runs of the jobs left."""
        self._stored.take(self._left)
        return self._stored.document(head)

    def _add(self, row: Row, files: Files) -> bytes:
        line = to_json(row)
        self.rows.add(line)
        self._add_cells(self._layout.cells(row))
        if row["job_id"] is None:
            self.rejected.add(indexes.rejected_cells(row))
        elif indexes.is_job(row):
            self._add_job(row, files)
        return line

    def _add_job(self, row: Row, files: Files) -> None:
        self.children.add(to_json(row["job_id"]))
        self.index.add(to_json(indexes.individual_job(self._record, row, files)))
        self.places.add(member(row["job_id"], indexes.job_place(self._record, row)))
        if row["status"] == "completed":
            self.aggregated.add(to_json(indexes.aggregated_result(self._record, row, files)))
        for file in files:
            self._left.add(to_json(file))

    def _add_cells(self, cells: list[Any]) -> None:
        self.table.add(cells)
        self._block.append(cells)
        if len(self._block) == BLOCK:
            self._flush()

    def _flush(self) -> None:
        if self._block:
            block = list(zip(*self._block, strict=True))
            self.parquet.add(block)
            self.columns.add(block)
            self._block.clear()
