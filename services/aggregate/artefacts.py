"""The artefacts of a batch. Their content is a function of the facts only: a rerun writes the same bytes."""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from services.aggregate import alignments, indexes
from services.aggregate.columns import Layout
from services.aggregate.documents import BatchRecord, summary_document
from services.aggregate.poses import RankedPoses
from services.aggregate.single import single_prediction
from services.aggregate.summary import TOP, brief
from services.aggregate.tables import Table
from services.aggregate.writers import Writers
from shared.catalogue.entry import entry_of
from shared.domain.lifecycle import Accounting
from shared.models.batch import Batch, BatchStatus
from shared.models.work import Artefact
from shared.ports.blobs import Blobs, Stat

Document = tuple[str, bytes | Iterable[bytes]]


def write_all(
    batch: Batch,
    status: BatchStatus,
    accounting: Accounting,
    closed_at: datetime,
    table: Table,
    *,
    cost: Mapping[str, Any],
    blobs: Blobs,
) -> tuple[list[Artefact], dict[str, Any]]:
    """
    Write everything; the batch's own artefacts with their digests, and the summary for the ledger.

    The files of its jobs and the pages of its rows may be millions: only the manifest lists them.
    """
    record = BatchRecord(batch, status, accounting, closed_at, entry_of(batch))
    top = [brief(row) for row in itertools.islice(_ranked(table), TOP)]
    summary = summary_document(record, table.figures, top, cost)
    with ExitStack() as stack:
        writers = Writers(record, Layout(record, table.kinds, table.labels, table.items), stack)
        for stat in blobs.put_many(writers.write(table)):
            writers.stored(_artefact(stat.key.removeprefix(f"batches/{batch.batch_id}/"), stat))
        poses = RankedPoses(record, table, blobs)
        documents = _documents(record, table, summary, top, writers)
        if table.poses:
            documents = itertools.chain(documents, [("results/ranked.sdf", poses.document())])
        written = [_put(blobs, batch, name, content) for name, content in documents]
        written += single_prediction(record, table, blobs)
        for artefact in written:
            writers.stored(artefact)
        aligned = alignments.told(batch, table.figures.versions, blobs)
        manifest = writers.manifest(record.manifest(table.figures) | {"poses": poses.told()} | aligned)
        written.append(_put(blobs, batch, "manifest.json", manifest))
    return written, summary


def _ranked(table: Table) -> Iterator[dict[str, Any]]:
    """Ligands with a rank, best first, each once."""
    rows = (row for row, _ in table.rows())
    ranked = itertools.takewhile(lambda row: row["rank"] is not None, rows)
    return (row for row in ranked if row["duplicate_of"] is None)


def _documents(
    record: BatchRecord,
    table: Table,
    summary: Mapping[str, Any],
    top: list[dict[str, Any]],
    made: Writers,
) -> Iterator[Document]:
    """Everything but the poses and the manifest, once all rows were written."""
    yield "batch_results.json", made.rows.document(record.results_head(table.figures, top))
    yield "summary.json", _dump(summary)
    yield "results/summary.json", _dump(summary)
    metadata = indexes.batch_metadata(record, table.figures)
    for folder in ("", "results/", "archive/"):
        yield f"{folder}batch_metadata.json", made.children.document(metadata)
    yield "batch_index.json", made.index.document(indexes.batch_index(record))
    yield "results/job_index.json", made.places.document(indexes.job_index(record))
    yield "results/aggregated.json", made.aggregated.document(indexes.aggregated(record, summary))
    yield "rejected.csv", made.rejected.document()
    yield "results/batch_results.csv", made.table.document()
    yield "results/results.parquet", made.parquet.document()
    yield "results/results.columns.json.gz", made.columns.document(record.columns_head())


def _put(blobs: Blobs, batch: Batch, name: str, content: bytes | Iterable[bytes]) -> Artefact:
    return _artefact(name, blobs.put(_key(batch.batch_id, name), content))


def _artefact(name: str, stat: Stat) -> Artefact:
    return Artefact(name=name, key=stat.key, size=stat.size, sha256=stat.sha256)


def _key(batch_id: str, name: str) -> str:
    """The archive keeps its copy outside the batch's folder."""
    folder, _, rest = name.partition("/")
    return f"archive/{batch_id}/{rest}" if folder == "archive" else f"batches/{batch_id}/{name}"


def _dump(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=1).encode()
