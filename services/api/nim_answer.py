"""The outcome of a prediction as NVIDIA's service of Boltz-2 answers it."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.models.facts import Outcome
from shared.ports.blobs import Blobs

# Name in the answer → our name of the best sample's figure → the program's, in the file of every other one.
SCORES = {
    "confidence_scores": ("confidence", "confidence_score"),
    "ptm_scores": ("ptm_score", "ptm"),
    "iptm_scores": ("iptm_score", "iptm"),
    "ligand_iptm_scores": ("ligand_iptm", "ligand_iptm"),
    "protein_iptm_scores": ("protein_iptm", "protein_iptm"),
    "complex_plddt_scores": ("complex_plddt", "complex_plddt"),
    "complex_iplddt_scores": ("complex_iplddt", "complex_iplddt"),
    "complex_pde_scores": ("complex_pde", "complex_pde"),
    "complex_ipde_scores": ("complex_ipde", "complex_ipde"),
}
AFFINITIES = {
    "affinity_pred_value": "affinity",
    "affinity_probability_binary": "affinity_prob",
    "model_1_affinity_pred_value": "ens_aff_1",
    "model_1_affinity_probability_binary": "ens_prob_1",
    "model_2_affinity_pred_value": "ens_aff_2",
    "model_2_affinity_probability_binary": "ens_prob_2",
}
Sample = tuple[str, Mapping[str, Any]]


def answer(
    outcome: Outcome, *, chains: Mapping[str, str], ligand: str | None, blobs: Blobs
) -> dict[str, Any]:
    """
    All samples, the best one first; ``chains``: the letter of each id. A figure that a sample lacks
    leaves out its whole list.

    Raises:
        NotFound: a file of the job is gone.
    """
    keys = {file.name: file.key for file in outcome.artefacts}
    best = blobs.get(keys["structure.cif"]).decode()
    others = list(_others(blobs.get(keys["samples.zip"]))) if "samples.zip" in keys else []
    return {
        "structures": [
            {"structure": cif, "format": "mmcif", "name": f"sample_{number}", "source": "omtx"}
            for number, cif in enumerate((best, *(cif for cif, _ in others)), start=1)
        ],
        **{name: _scores(outcome, others, *keys) for name, keys in SCORES.items()},
        "affinities": _affinities(outcome, ligand),
        "metrics": {
            "job_id": outcome.ref.job_id,
            "batch_id": outcome.ref.batch_id,
            "total_time_seconds": outcome.seconds,
            "seed": outcome.seed,
            "versions": dict(outcome.versions),
            "test_model": outcome.test_model,
            "chains": dict(chains),
        },
    }


def _others(archive: bytes) -> Iterator[Sample]:
    """The samples beside the best one, in their order."""
    with zipfile.ZipFile(io.BytesIO(archive)) as found:
        for rank in range(2, 2 + len(found.namelist()) // 2):
            figures = json.loads(found.read(f"sample_{rank}_confidence.json"))
            yield found.read(f"sample_{rank}.cif").decode(), figures


def _scores(outcome: Outcome, others: Sequence[Sample], ours: str, theirs: str) -> list[Any] | None:
    found = [outcome.metrics.get(ours), *(figures.get(theirs) for _, figures in others)]
    return None if None in found else found


def _affinities(outcome: Outcome, ligand: str | None) -> dict[str, Any] | None:
    """By ligand; pIC50 is of an IC50 in mol/l, the predicted value log10 of one in µmol/l."""
    found = {name: outcome.metrics.get(ours) for name, ours in AFFINITIES.items()}
    value = found["affinity_pred_value"]
    if ligand is None or not isinstance(value, int | float):
        return None
    known = {name: [figure] for name, figure in found.items() if figure is not None}
    return {ligand: {**known, "affinity_pic50": [round(6 - value, 6)]}}
