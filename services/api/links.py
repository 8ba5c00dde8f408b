"""Where the files of a batch and of its rows are, and rows turned into columns: pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.steps.reading import Overview

OF_BATCH = {
    "batch_csv": "export/csv",
    "batch_archive": "export/zip",
    "batch_columns": "artefacts/results/results.columns.json.gz",
}
NESTED = ("metrics", "item", "data")


def of_batch(view: Overview) -> dict[str, str | None]:
    """The files of a whole batch, which are there at its end; null until then."""
    ended = view.closing is not None and view.closing.finished_at is not None
    root = f"/api/v3/batches/{view.batch.batch_id}"
    return {name: f"{root}/{path}" if ended else None for name, path in OF_BATCH.items()}


def linked(rows: Iterable[Mapping[str, Any]], batch_id: str) -> list[dict[str, Any]]:
    """The rows, each with where its files are; null for what its model did not leave."""
    return [{**row, "download_links": of_row(row, batch_id)} for row in rows]


def of_row(row: Mapping[str, Any], batch_id: str) -> dict[str, str | None]:
    """The structure, the model's own results and the record of one row."""
    root = f"/api/jobs/{row['job_id']}/download"
    there = row["job_id"] is not None and row["status"] == "completed"
    metadata = f"/api/v3/batches/{batch_id}/artefacts/jobs/{row['job_id']}/metadata.json"
    return {
        "structure_cif": f"{root}/cif" if there and row["has_structure"] else None,
        "results_json": f"{root}/json" if there and row["has_results"] else None,
        "metadata": metadata if there and row["has_results"] else None,
    }


def columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """
    One array a column, in the order of the rows; null where a row has no such value.

    What rows hold by name is a column each: ``metrics.x``, ``item.x``, ``data.x``.
    """
    flat = [_flat(row) for row in rows]
    names = dict.fromkeys(name for row in flat for name in row)
    return {name: [row.get(name) for row in flat] for name in names}


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    inner = {f"{outer}.{name}": value for outer in NESTED for name, value in row[outer].items()}
    return {name: value for name, value in row.items() if name not in NESTED} | inner
