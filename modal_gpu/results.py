"""results.json: one ligand's answer as a file. The same order and prediction give the same bytes."""

import json

from modal_gpu.predictors.base import Prediction
from shared.models.work import WorkOrder

NAME = "results.json"
FIELDS = (
    *("affinity", "affinity_prob", "ens_affinity", "ens_prob", "ens_aff_2", "ens_prob_2", "ens_aff_1"),
    *("ens_prob_1", "confidence", "iptm_score", "ligand_iptm", "complex_iplddt", "complex_ipde"),
    *("complex_plddt", "ptm_score", "plddt_score"),
)


def results_document(order: WorkOrder, prediction: Prediction) -> bytes:
    """
    The file's bytes: no time, no attempt, no machine; units stand in the catalogue.

    Every comprehensive field is there, null where the model does not predict it.

    Raises:
        ValueError: a figure is not finite.
    """
    document = {
        "job_id": order.ref.job_id,
        "batch_id": order.ref.batch_id,
        "ligand_name": order.ligand_name,
        "ligand_smiles": order.smiles,
        "item": dict(order.item),
        "protein_name": order.protein_name,
        "model": order.model,
        "task_type": order.task_type,
        "status": "completed",
        "test_model": prediction.test_model,
        "seed": order.seed,
        "search_seed": order.search_seed,
        "parameters": dict(order.parameters),
        "metrics": dict(prediction.metrics),
        **{name: prediction.metrics.get(name) for name in FIELDS},
        "details": dict(prediction.details),
        "versions": dict(prediction.versions),
    }
    text = json.dumps(document, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False)
    return f"{text}\n".encode()
