"""
The folders of a single prediction: a batch of one job that was computed.

``jobs/{job_id}/`` and ``archive/{model}/{task}/{job_id}/`` hold the same files, which are those of the
job in its batch, and its scores in the two files that users of the older system know, that of affinity
only where there is a ligand.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import to_json

from services.aggregate.documents import BatchRecord, job_metadata
from services.aggregate.tables import Files, Row, Table
from shared.domain.naming import model_folder, task_folder
from shared.errors import NotFound
from shared.models.work import Artefact
from shared.ports.blobs import Blobs

COPIED = ("results.json", "structure.cif", "confidence.json", "affinity.json")


def single_prediction(record: BatchRecord, table: Table, blobs: Blobs) -> Iterator[Artefact]:
    """Write the folders, if the batch is one prediction that has a result; what was written."""
    if record.batch.counts.submitted != 1:
        return
    row, files = next(table.rows())
    if row["status"] != "completed":
        return
    contents = {**_documents(record, row), **_copies(files, blobs)}
    shelf = f"{model_folder(record.model.id)}/{task_folder(record.batch.task_type)}"
    folders = {"job/": f"jobs/{row['job_id']}/", f"archive/{shelf}/": f"archive/{shelf}/{row['job_id']}/"}
    places = [
        (short + name, key + name, it) for short, key in folders.items() for name, it in contents.items()
    ]
    stats = blobs.put_many((key, content) for _, key, content in places)
    for (name, _, _), stat in zip(places, stats, strict=True):
        yield Artefact(name=name, key=stat.key, size=stat.size, sha256=stat.sha256)


def _documents(record: BatchRecord, row: Row) -> dict[str, bytes]:
    scores = {"confidence.json": confidence(record, row)}
    if row["kind"] == "ligand":
        scores["affinity.json"] = affinity(record, row)
    documents = {"metadata.json": job_metadata(record, row), **scores}
    return {name: to_json(document, indent=1) for name, document in documents.items()}


def _copies(files: Files, blobs: Blobs) -> dict[str, bytes]:
    """What the model left itself, which goes before what we write."""
    found = {}
    for file in files:
        if file["name"] in COPIED:
            try:
                found[file["name"]] = blobs.get(file["key"])
            except NotFound:  # lost since: the audit of the batch names it
                continue
    return found


def affinity(record: BatchRecord, row: Row) -> dict[str, Any]:
    """
    ``affinity.json`` of a model that wrote none.

    ``affinity_pred_value`` and ``affinity_probability_binary`` are Boltz-2's, and null for a model that
    does not predict them: a docking score is not one of them.
    """
    return {
        "job_id": row["job_id"],
        "model": record.model.id,
        "test_model": row["test_model"],
        "affinity": row["affinity"],
        **_explained(record, "affinity"),
        "affinity_pred_value": row["ens_affinity"],
        "affinity_probability_binary": row["affinity_prob"],
    }


def confidence(record: BatchRecord, row: Row) -> dict[str, Any]:
    """``confidence.json`` of a model that wrote none; null is what the model does not predict."""
    metrics = row["metrics"]
    return {
        "job_id": row["job_id"],
        "model": record.model.id,
        "test_model": row["test_model"],
        "confidence_score": row["confidence"],
        **_explained(record, "confidence"),
        "ptm": row["ptm_score"],
        "iptm": row["iptm_score"],
        "ligand_iptm": row["ligand_iptm"],
        "protein_iptm": metrics.get("protein_iptm"),
        "complex_plddt": row["complex_plddt"],
        "complex_iplddt": row["complex_iplddt"],
        "complex_pde": metrics.get("complex_pde"),
        "complex_ipde": row["complex_ipde"],
    }


def _explained(record: BatchRecord, name: str) -> Mapping[str, str | None]:
    """Unit, direction and meaning of a figure by the catalogue; null where the model has no such figure."""
    metric = record.model.metrics.get(name)
    return {key: getattr(metric, key, None) for key in ("unit", "direction", "meaning")}
