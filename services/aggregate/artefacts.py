"""The artefacts of a batch. Their content is a function of the facts only: a rerun writes the same bytes."""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from services.aggregate import indexes
from services.aggregate.documents import BatchRecord, job_metadata, summary_document
from services.aggregate.streams import csv_stream, gzip_lines, json_map_stream, json_stream
from services.aggregate.summary import TOP, brief
from services.aggregate.tables import Table
from shared.catalogue.entry import entry_of
from shared.domain.lifecycle import Accounting
from shared.domain.rows import FOURTEEN
from shared.models.batch import Batch, BatchStatus
from shared.models.work import Artefact
from shared.ports.blobs import Blobs
from shared.steps.results import ROWS_PER_PAGE, page_key

COLUMNS = (
    *("rank", "index", "line", "duplicate_of", "ligand_name", "smiles", "status"),
    *("affinity", "confidence", *FOURTEEN, "execution_time"),
    *("has_structure", "protein_name", "job_id", "seed", "completed_at", "error_class", "error"),
    "test_model",
)


def write_all(
    batch: Batch,
    status: BatchStatus,
    accounting: Accounting,
    closed_at: datetime,
    table: Table,
    *,
    blobs: Blobs,
) -> tuple[list[Artefact], dict[str, Any]]:
    """Write everything; the batch's artefacts with their digests, and the summary for the ledger."""
    root = f"batches/{batch.batch_id}"
    record = BatchRecord(batch, status, accounting, closed_at, entry_of(batch))
    top = [brief(row) for row in itertools.islice(_ranked(table), TOP)]
    summary = summary_document(record, table.figures, top)
    per_job = _write_metadata(record, table, blobs=blobs)
    written = [_put(blobs, root, name, content) for name, content in _documents(record, table, summary, top)]
    for page, rows in enumerate(_paged(table.rows())):
        key = page_key(batch.batch_id, page)
        written.append(_put(blobs, root, key.removeprefix(f"{root}/"), gzip_lines(rows)))
    everything = itertools.chain(written, per_job, _job_files(table))
    manifest = json_stream(record.manifest(table.figures), "artefacts", (a.model_dump() for a in everything))
    written.append(_put(blobs, root, "manifest.json", manifest))
    return [*written, *per_job], summary


def _ranked(table: Table) -> Iterator[dict[str, Any]]:
    """Ligands with a rank, best first, each once."""
    ranked = itertools.takewhile(lambda row: row["rank"] is not None, table.rows())
    return (row for row in ranked if row["duplicate_of"] is None)


def _documents(
    record: BatchRecord, table: Table, summary: Mapping[str, Any], top: list[dict[str, Any]]
) -> Iterator[tuple[str, bytes | Iterable[bytes]]]:
    yield "batch_results.json", json_stream(record.results_head(table.figures, top), "jobs", table.rows())
    yield "summary.json", _dump(summary)
    yield "results/summary.json", _dump(summary)
    yield from _indexes(record, table, summary)
    own = tuple(record.own_columns())
    extra = tuple(dict.fromkeys(key for row in table.rows() for key in row["data"]))
    columns = (*COLUMNS, *own, *(f"library_{name}" for name in extra))
    rows = (_csv_row(row, record.batch, own, extra) for row in table.rows())
    yield "results/batch_results.csv", csv_stream(columns, rows)


def _indexes(
    record: BatchRecord, table: Table, summary: Mapping[str, Any]
) -> Iterator[tuple[str, bytes | Iterable[bytes]]]:
    for name in ("batch_metadata.json", "results/batch_metadata.json"):
        head = indexes.batch_metadata(record, table.figures)
        yield name, json_stream(head, "child_job_ids", indexes.child_ids(table.rows()))
    jobs = indexes.individual_jobs(record, table.rows_with_files())
    yield "batch_index.json", json_stream(indexes.batch_index(record), "individual_jobs", jobs)
    by_id = indexes.jobs_by_id(record, table.rows())
    yield "results/job_index.json", json_map_stream(indexes.job_index(record), "jobs", by_id)
    results = indexes.aggregated_results(record, table.rows_with_files())
    yield "results/aggregated.json", json_stream(indexes.aggregated(record, summary), "results", results)
    yield "rejected.csv", csv_stream(indexes.REJECTED, indexes.rejected_cells(table.rows()))


def _csv_row(row: Mapping[str, Any], batch: Batch, own: tuple[str, ...], extra: tuple[str, ...]) -> list[Any]:
    error = row["error"] or {"class": None, "message": None}
    flat = {
        **row,
        "smiles": row["ligand_smiles"],
        "protein_name": batch.protein_name,
        "error_class": error["class"],
        "error": error["message"],
    }
    return [
        *(flat[column] for column in COLUMNS),
        *(row["metrics"].get(name) for name in own),
        *(row["data"].get(name) for name in extra),
    ]


def _write_metadata(record: BatchRecord, table: Table, *, blobs: Blobs) -> list[Artefact]:
    """metadata.json beside the files of every job that left files."""
    root = f"batches/{record.batch.batch_id}"
    return [
        _put(blobs, root, f"jobs/{row['job_id']}/metadata.json", _dump(job_metadata(record, row)))
        for row, files in table.rows_with_files()
        if files
    ]


def _job_files(table: Table) -> Iterator[Artefact]:
    return (file for _, files in table.rows_with_files() for file in files)


def _paged(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while page := list(itertools.islice(rows, ROWS_PER_PAGE)):
        yield page


def _put(blobs: Blobs, root: str, name: str, content: bytes | Iterable[bytes]) -> Artefact:
    stat = blobs.put(f"{root}/{name}", content)
    return Artefact(name=name, key=stat.key, size=stat.size, sha256=stat.sha256)


def _dump(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=1).encode()
