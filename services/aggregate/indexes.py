"""The indexes of a batch: which jobs it has, where their files are, and what was rejected. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.aggregate.documents import BatchRecord
from services.aggregate.summary import Figures
from shared.domain.rows import FOURTEEN

REJECTED = ("line", "index", "status", "reason", "text")
SCORES = ("affinity", "confidence", "ptm_score", "plddt_score", "iptm_score")
ENSEMBLE = tuple(name for name in FOURTEEN if name.startswith(("ens_", "affinity_")))
CONFIDENCE = tuple(name for name in FOURTEEN if name not in ENSEMBLE)
Row = Mapping[str, Any]
Files = Sequence[Mapping[str, Any]]


def batch_metadata(record: BatchRecord, figures: Figures) -> dict[str, Any]:
    """``batch_metadata.json`` without ``child_job_ids``."""
    return {
        **record.identity(),
        "total_children": record.batch.counts.jobs,
        "storage_structure": _structure(record),
        "batch_intelligence": {
            **record.counts(),
            **record.extremes(figures),
            "failures_by_class": dict(sorted(figures.failures.items())),
        },
    }


def batch_index(record: BatchRecord) -> dict[str, Any]:
    """``batch_index.json`` without ``individual_jobs``."""
    return {
        **record.identity(),
        "batch_metadata": dict(record.batch.metadata),
        "storage_structure": _structure(record),
        "progress": record.counts(),
    }


def individual_job(record: BatchRecord, row: Row, files: Files) -> dict[str, Any]:
    """One of ``individual_jobs``."""
    return {
        "job_id": row["job_id"],
        "registered_at": record.batch.created_at.isoformat(),
        "metadata": {
            "task_type": record.batch.task_type,
            "ligand_name": row["ligand_name"],
            "ligand_smiles": row["ligand_smiles"],
            "protein_name": record.batch.protein_name,
        },
        "status": row["status"],
        "storage_paths": {file["name"]: file["key"] for file in files},
        "completed_at": row["completed_at"],
        "results_summary": {key: row[key] for key in ("affinity", "confidence", "has_structure")},
    }


def job_index(record: BatchRecord) -> dict[str, Any]:
    """``results/job_index.json`` without ``jobs``."""
    return {
        "batch_id": record.batch.batch_id,
        "created_at": record.batch.created_at.isoformat(),
        "total_jobs": record.batch.counts.jobs,
    }


def job_place(record: BatchRecord, row: Row) -> dict[str, Any]:
    """One of ``jobs``, by its id."""
    keys = ("status", "ligand_name", "ligand_smiles", "affinity", "confidence", "has_structure")
    path = f"{_structure(record)['jobs']}{row['job_id']}/" if row["has_results"] else None
    return {**{key: row[key] for key in keys}, "storage_path": path}


def aggregated(record: BatchRecord, summary: Mapping[str, Any]) -> dict[str, Any]:
    """``results/aggregated.json`` without ``results``."""
    counts = record.counts()
    head = job_index(record) | {key: counts[key] for key in ("total_jobs", "completed_jobs")}
    return {**head, "summary": dict(summary)}


def aggregated_result(record: BatchRecord, row: Row, files: Files) -> dict[str, Any]:
    """
    One of ``results``: a ligand that was computed.

    ``raw_modal_result`` holds the model's own figures by the names of the catalogue;
    ``structure_data`` says where the structure is and what it hashes to.
    """
    return {
        **{key: row[key] for key in ("job_id", "ligand_name", "has_structure", "execution_time")},
        **{key: row[key] for key in SCORES},
        "protein_name": record.batch.protein_name,
        "task_type": record.batch.task_type,
        "model": record.model.id,
        "stored_at": row["completed_at"],
        "modal_call_id": row["call_id"],
        "raw_modal_result": row["metrics"],
        "structure_data": next((file for file in files if file["name"] == "structure.cif"), None),
        "affinity_ensemble": {name: row[name] for name in ENSEMBLE},
        "confidence_metrics": {name: row[name] for name in CONFIDENCE},
    }


def rejected_cells(row: Row) -> list[Any]:
    """A row of ``rejected.csv``."""
    text = row["item"].get("text", row["ligand_smiles"])
    return [row["line"], row["index"], row["status"], row["error"]["message"], text]


def is_job(row: Row) -> bool:
    """Neither rejected nor the repetition of another row."""
    return row["job_id"] is not None and row["duplicate_of"] is None


def _structure(record: BatchRecord) -> dict[str, str]:
    root = f"batches/{record.batch.batch_id}/"
    return {"root": root, "jobs": f"{root}jobs/", "results": f"{root}results/"}
