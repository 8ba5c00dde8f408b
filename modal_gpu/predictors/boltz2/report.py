"""What one prediction's results.json says: the catalogue's figures, and the details behind them."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from modal_gpu.predictors.boltz2.identity import Pose
from modal_gpu.predictors.boltz2.question import Asked
from modal_gpu.predictors.boltz2.reader import Record
from modal_gpu.predictors.boltz2.structure import Structure
from modal_gpu.predictors.folded import judging
from modal_gpu.predictors.folded.judging import Judged
from modal_gpu.predictors.folded.pose import to_sdf
from shared.models.work import MetricValue

AFFINITIES = {
    "affinity": "affinity_pred_value",
    "ens_affinity": "affinity_pred_value",
    "ens_aff_1": "affinity_pred_value1",
    "ens_aff_2": "affinity_pred_value2",
    "affinity_prob": "affinity_probability_binary",
    "ens_prob": "affinity_probability_binary",
    "ens_prob_1": "affinity_probability_binary1",
    "ens_prob_2": "affinity_probability_binary2",
}
CONFIDENCES = {
    "confidence": "confidence_score",
    "ptm_score": "ptm",
    "iptm_score": "iptm",
    "ligand_iptm": "ligand_iptm",
    "protein_iptm": "protein_iptm",
    "complex_plddt": "complex_plddt",
    "plddt_score": "complex_plddt",
    "complex_iplddt": "complex_iplddt",
    "complex_pde": "complex_pde",
    "complex_ipde": "complex_ipde",
}
OLDEST = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive, so that the same files give the same bytes."""


@dataclass(frozen=True)
class Predicted:
    """
    All that is known of one complex.

    ``pose`` is the ligand of the best sample, ``judged`` what is said of it; None without one.
    """

    asked: Asked
    record: Record
    structure: Structure
    pose: Pose | None
    judged: Judged | None


def metrics(found: Predicted) -> dict[str, MetricValue]:
    """
    The figures of the catalogue for the best sample.

    The program writes 0 for the interfaces that a complex does not have; here such a figure is null.
    """
    whole, confidence = found.asked.complex, found.record.samples[0].confidence
    absent = {
        "iptm_score": len(found.asked.chains) < 2,
        "protein_iptm": whole.proteins() < 2,
        "ligand_iptm": found.asked.ligand is None and not whole.molecules,
        "complex_iplddt": len(found.asked.chains) < 2,
        "complex_ipde": len(found.asked.chains) < 2,
    }
    affinity = found.record.affinity or {}
    return {
        **{name: affinity.get(key) for name, key in AFFINITIES.items()},
        **{name: None if absent.get(name) else confidence[key] for name, key in CONFIDENCES.items()},
        **judging.metrics(found.judged),
    }


def details(found: Predicted) -> dict[str, JsonValue]:
    """What stands behind the figures; chains by their names, where the program counts them."""
    asked, confidence = found.asked, found.record.samples[0].confidence
    chains = {str(number): name for number, name in enumerate(asked.chains)}
    pairs = confidence["pair_chains_iptm"]
    return {
        "chains": list(asked.chains),
        "chains_ptm": _named(confidence["chains_ptm"], chains),
        "pair_chains_iptm": {chains[number]: _named(row, chains) for number, row in pairs.items()},
        "samples": [dict(_figures(sample.confidence)) for sample in found.record.samples],
        "notes": list(asked.notes),
        **_of_ligand(found),
    }


def files(found: Predicted, ligand_name: str) -> dict[str, bytes]:
    """The artefacts: those of the best sample by themselves, further samples in an archive."""
    best, *others = found.record.samples
    molecule = found.pose.molecule if found.pose else None
    made = {
        "structure.cif": found.structure.cif(found.asked.complex.ligand, molecule),
        "confidence.json": best.confidence_file,
        **{f"{kind}.npz": content for kind, content in best.arrays.items()},
    }
    if found.record.affinity_file is not None:
        made["affinity.json"] = found.record.affinity_file
    if found.pose is not None:
        made["ligand.sdf"] = to_sdf(found.pose.molecule, ligand_name, _fields(found))
    if others:
        made["samples.zip"] = _archive(
            {f"sample_{rank}.cif": it.cif for rank, it in enumerate(others, start=2)}
            | {
                f"sample_{rank}_confidence.json": it.confidence_file
                for rank, it in enumerate(others, start=2)
            }
        )
    return made


def _named(row: Mapping[str, float], chains: Mapping[str, str]) -> dict[str, JsonValue]:
    return {chains[number]: figure for number, figure in row.items()}


def _figures(confidence: Mapping[str, Any]) -> Mapping[str, JsonValue]:
    return {name: value for name, value in confidence.items() if isinstance(value, int | float)}


def _of_ligand(found: Predicted) -> dict[str, JsonValue]:
    asked, pose = found.asked, found.pose
    if asked.ligand is None or pose is None or found.judged is None:
        return {}
    polymers = [id for polymer in asked.complex.polymers for id in polymer.ids]
    contacts: list[JsonValue] = [*found.structure.contacts(asked.complex.ligand, polymers)]
    return {
        "ligand_chain": asked.complex.ligand,
        "folded_smiles": asked.ligand,
        "predicted_smiles": pose.seen_stereo,
        "fragments_removed": list(asked.removed),
        "ligand_identity": pose.remark,
        "contacts": contacts,
        **judging.details(found.judged),
    }


def _fields(found: Predicted) -> dict[str, str]:
    """What a viewer shows beside the pose."""
    shown = ("affinity", "affinity_prob", "confidence", "ligand_iptm")
    return {
        name: json.dumps(value)
        for name, value in metrics(found).items()
        if name in shown and value is not None
    }


def _archive(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, OLDEST), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()
