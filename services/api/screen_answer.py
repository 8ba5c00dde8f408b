"""A batch and its rows under the names of a screen: pure."""

from collections.abc import Mapping
from typing import Any

from services.api.links import of_row
from services.api.screen_order import RESULT, screen_id
from shared.models.batch import BatchStatus
from shared.steps.reading import Overview

STATUS = {
    BatchStatus.PENDING: "pending",
    BatchStatus.RUNNING: "running",
    BatchStatus.AGGREGATING: "running",
    BatchStatus.PAUSED: "stopped",
    BatchStatus.CANCELLED: "stopped",
    BatchStatus.COMPLETED: "succeeded",
    BatchStatus.FAILED: "failed",
}
FIGURES = {
    "binding_confidence": "affinity_prob",
    "structure_confidence": "confidence",
    "ptm": "ptm_score",
    "iptm": "iptm_score",
    **{name: name for name in ("ligand_iptm", "complex_plddt", "complex_iplddt", "complex_ipde")},
}


def screen(view: Overview, *, seconds_left: float | None) -> dict[str, Any]:
    """The record of a screen."""
    batch, count, closing = view.batch, view.accounting, view.closing
    ended = closing.finished_at if closing else None
    return {
        "id": screen_id(batch.batch_id),
        "batch_id": batch.batch_id,
        "name": batch.name,
        "model": batch.model,
        "status": STATUS[view.status],
        "created_at": batch.created_at.isoformat(),
        "completed_at": ended.isoformat() if ended else None,
        "idempotency_key": batch.idempotency_key,
        "data_deleted_at": None,
        "test_model": batch.test_model,
        "progress": {
            "total_molecules_to_screen": count.submitted,
            "num_molecules_screened": count.completed,
            "num_molecules_failed": count.failed,
            "filtered": count.filtered,
            "invalid": count.invalid,
            "cancelled": count.cancelled,
            "eta_seconds": seconds_left,
        },
    }


def result(row: Mapping[str, Any], batch_id: str, *, base: str) -> dict[str, Any]:
    """A row of the results; URLs are whole, and need the same key."""
    links = of_row(row, batch_id)
    structure, archive = links["structure_cif"], links["results_json"]
    return {
        "id": None if row["job_id"] is None else RESULT + row["job_id"].removeprefix("job_"),
        "external_id": row["ligand_name"],
        "smiles": row["ligand_smiles"],
        "rank": row["rank"],
        "status": row["status"],
        "metrics": {name: row[ours] for name, ours in FIGURES.items()}
        | _affinity(row)
        | dict(row["metrics"]),
        "artifacts": {
            "structure": {"url": base + structure} if structure else None,
            "results": {"url": base + archive} if archive else None,
        },
        "warnings": list(row["warnings"]),
        "error": row["error"],
        "seed": row.get("seed"),
        "seconds": row["execution_time"],
        "test_model": row["test_model"],
    }


def _affinity(row: Mapping[str, Any]) -> dict[str, Any]:
    """Under the model's own name; the catalogue says its unit and direction."""
    return {"affinity": row["affinity"]}
