"""Names of files: those a user downloads, and the keys of a batch's input files."""

import re

from shared.models.work import JobRef

LONGEST_PART = 60
LOG = "logs.txt"
MODEL_FOLDERS = {"boltz2": "Boltz-2", "chai1": "Chai-1", "rfantibody": "RFAntibody"}
TASK_FOLDERS = {
    "protein_ligand_binding": "Protein-Ligand",
    "batch_protein_ligand_screening": "Batch-Screen",
    "protein_structure": "Protein-Structure",
    "structure_prediction": "Protein-Structure",
    "protein_complex": "Protein-Complex",
    "protein_protein_complex": "Protein-Complex",
    "binding_site_prediction": "Binding-Site",
    "variant_comparison": "Variant-Comparison",
    "drug_discovery": "Drug-Discovery",
    "nanobody_design": "Nanobody-Design",
    "cdr_optimization": "CDR-Optimization",
    "epitope_targeted_design": "Epitope-Targeted",
    "antibody_de_novo_design": "Antibody-DeNovo",
    "multimer_prediction": "Multimer",
}


def file_name(job_name: str, protein_name: str, position: int, ligand_name: str, *, extension: str) -> str:
    """
    The name under which a ligand's file is downloaded.

    The index counts ligands from 1. A ligand that is named by its index alone is not named twice.
    ``extension`` begins with what divides it from the name: ``.cif``, ``_prediction.log``.
    """
    index, ligand = str(position + 1), clean(ligand_name)
    parts = [clean(job_name), clean(protein_name), index, *([ligand] if ligand != index else [])]
    return f"{'_'.join(parts)}{extension}"


def clean(text: str) -> str:
    """
    Text as part of a file name: ASCII letters, digits, ``-`` and ``_``, at most 60 of them.

    Whatever else becomes ``_``, never twice in a row; nothing left is ``unnamed``.
    """
    replaced = re.sub(r"[^A-Za-z0-9_-]", "_", text)
    return re.sub(r"_+", "_", replaced).strip("_")[:LONGEST_PART].rstrip("_") or "unnamed"


def structure_keys(count: int) -> list[str]:
    """The keys of a target's structures among the inputs, in order: structure, structure_2, structure_3."""
    return ["structure", *(f"structure_{number}" for number in range(2, count + 1))][:count]


def job_key(ref: JobRef, name: str) -> str:
    """
    Where a run stores a file of this name.

    Each attempt has a log of its own: ``logs.txt`` that of the first, then ``logs_round0_attempt2.txt``.
    All other files are the same whichever attempt wrote them.
    """
    if name == LOG and (ref.round, ref.attempt) != (0, 1):
        name = f"logs_round{ref.round}_attempt{ref.attempt}.txt"
    return f"batches/{ref.batch_id}/jobs/{ref.job_id}/{name}"


def model_folder(model: str) -> str:
    """The archive's folder of a model."""
    return MODEL_FOLDERS.get(model, "Other")


def task_folder(task: str) -> str:
    """The archive's folder of a task; that of an unknown one is its id in title case, ``-`` between words."""
    return TASK_FOLDERS.get(task) or "-".join(word.title() for word in clean(task).split("_"))
