"""
One result row, as the API answers it and the artefacts store it: the same fields everywhere.

Users know the name of a row as ``ligand_name``, whatever the row is about.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from shared.models.batch import DuplicateRow, JobStatus, LibraryRow, RejectedRow
from shared.models.facts import Outcome

# features known to users as "the 14 fields"; a model fills those it predicts, the rest is null
FOURTEEN = (
    *("affinity_prob", "ens_affinity", "ens_prob", "ens_aff_2", "ens_prob_2", "ens_aff_1", "ens_prob_1"),
    *("iptm_score", "ligand_iptm", "complex_iplddt", "complex_ipde", "complex_plddt"),
    *("ptm_score", "plddt_score"),
)


def result_row(
    row: LibraryRow, *, job_id: str, status: JobStatus, outcome: Outcome | None, rank: int | None
) -> dict[str, Any]:
    """The row of a job; every figure is null unless a model predicted it."""
    metrics = dict(outcome.metrics) if outcome else {}
    names = {file.name for file in outcome.artefacts} if outcome else set()
    return {
        "rank": rank,
        "index": row.index,
        "line": row.line,
        "duplicate_of": None,
        "job_id": job_id,
        "ligand_name": row.name,
        "ligand_smiles": row.smiles,
        "canonical_smiles": row.canonical_smiles,
        "kind": row.kind,
        "item": dict(row.item),
        "status": status.value,
        "affinity": metrics.get("affinity"),
        "confidence": metrics.get("confidence"),
        **{field: metrics.get(field) for field in FOURTEEN},
        "has_results": "results.json" in names,
        "has_structure": "structure.cif" in names,
        "metrics": {key: value for key, value in metrics.items() if key not in FOURTEEN},
        "error": _error(outcome),
        "execution_time": outcome.seconds if outcome and outcome.kind != "cancelled" else None,
        "attempt": outcome.ref.attempt if outcome else None,
        "seed": outcome.seed if outcome else None,
        "test_model": outcome.test_model if outcome else False,
        "cached": outcome.cached.model_dump(mode="json") if outcome and outcome.cached else None,
        "call_id": outcome.call_id if outcome else None,
        "completed_at": outcome.finished_at.isoformat() if outcome else None,
        "warnings": list(row.warnings),
        "data": dict(row.data),
    }


def duplicate_row(row: DuplicateRow, original: Mapping[str, Any]) -> dict[str, Any]:
    """The row that repeats another: all figures are those of ``original``, which it names by its index."""
    return {
        **original,
        "index": row.index,
        "line": row.line,
        "duplicate_of": original["index"],
        "ligand_name": row.name,
        "ligand_smiles": row.smiles,
        "warnings": list(row.warnings),
        "data": dict(row.data),
    }


def rejected_row(row: RejectedRow) -> dict[str, Any]:
    """The row of what could not be computed or was not wanted: same fields, with the reason."""
    blank = dict.fromkeys(("rank", "job_id", "canonical_smiles", "affinity", "confidence", *FOURTEEN))
    missing = dict.fromkeys(("duplicate_of", "execution_time", "attempt", "seed", "call_id", "completed_at"))
    return {
        **blank,
        **missing,
        "index": row.index,
        "line": row.line,
        "ligand_name": row.name,
        "ligand_smiles": (row.smiles or row.text) if row.of == "ligand" else None,
        "kind": row.of,
        "item": {} if row.of == "ligand" else {"text": row.text},
        "status": row.kind,
        "has_results": False,
        "has_structure": False,
        "metrics": {},
        "error": {"class": f"{row.kind}_row", "message": row.reason},
        "test_model": False,
        "cached": None,
        "warnings": [],
        "data": {},
    }


def score(outcome: Outcome, key: str) -> float | None:
    """The figure a ligand is ranked by; None if it has none and so no rank."""
    value = outcome.metrics.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def ranks(scores: Iterable[tuple[int, float]], *, order: str) -> dict[int, int]:
    """
    Rank (1 is best) by position, from ``(position, score)``.

    ``order`` is ``ascending`` where the lowest score is best. Equal scores keep the order of the
    library, so that a rerun gives the same list.
    """
    sign = 1.0 if order == "ascending" else -1.0
    ranked = sorted(scores, key=lambda item: (sign * item[1], item[0]))
    return {position: rank for rank, (position, _) in enumerate(ranked, start=1)}


def _error(outcome: Outcome | None) -> Mapping[str, str] | None:
    if outcome is None or outcome.failure is None:
        return None
    return {"class": outcome.failure.kind.value, "message": outcome.failure.message}
