"""Trees as the older system left them: documents with every oddity, and the objects beside them."""

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SMILES = ("CCO", "c1ccccc1", "CC(=O)O", "CCN", "CCCC", "Cc1ccccc1", "C1CCCCC1", "CC(C)O", "OCCO", "CCCl")
PROTEIN = "MNIFEMLRIDEGLRLKIYKDTEGYYTIGIGHLLTKSPSLNAAKSELDKAIGRNTNGVITKDEAEKLF"
CIF = """data_model
loop_
_atom_site.group_PDB
_atom_site.id
_atom_site.type_symbol
_atom_site.label_atom_id
_atom_site.label_comp_id
_atom_site.label_asym_id
_atom_site.label_seq_id
_atom_site.label_entity_id
_atom_site.label_alt_id
_atom_site.auth_seq_id
_atom_site.auth_asym_id
_atom_site.occupancy
_atom_site.B_iso_or_equiv
_atom_site.Cartn_x
_atom_site.Cartn_y
_atom_site.Cartn_z
ATOM 1 N N ALA A 1 1 . 1 A 1 80 0.0 0.0 {z}
ATOM 2 C CA ALA A 1 1 . 1 A 1 80 1.5 0.0 {z}
ATOM 3 C C ALA A 1 1 . 1 A 1 80 2.0 1.4 {z}
ATOM 4 O O ALA A 1 1 . 1 A 1 80 1.3 2.4 {z}
HETATM 5 C C1 LIG B . 2 . 1 B 1 80 5.0 5.0 {z}
"""
ZEROS = {"affinity": 0.0, "confidence": 0.0, "ptm_score": 0.0, "iptm_score": 0.0, "plddt_score": 0.0}


def figures(n: int = 0) -> dict[str, Any]:
    """A result with the model's own names, as the older system stored it."""
    affinity = {
        "affinity_pred_value": -1.5 + n / 10,
        "affinity_probability_binary": 0.9 - n / 50,
        "affinity_pred_value1": -1.4 + n / 10,
        "affinity_probability_binary1": 0.88 - n / 50,
        "affinity_pred_value2": -1.6 + n / 10,
        "affinity_probability_binary2": 0.92 - n / 50,
    }
    confidence = {
        "confidence_score": 0.8,
        "ptm": 0.9,
        "iptm": 0.7,
        "ligand_iptm": 0.65,
        "complex_plddt": 0.85,
    }
    return {
        "status": "success",
        "affinity": affinity["affinity_pred_value"],
        "affinity_ensemble": affinity,
        "confidence_metrics": confidence | {"complex_iplddt": 0.6, "complex_pde": 1.1, "complex_ipde": 2.2},
        "execution_time": 205.5,
        "modal_call_id": f"fc-{n}",
    }


class OldTree:
    """A source under construction: ``add`` documents and ``store`` objects, then ``write`` them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs: list[dict[str, Any]] = []
        self.my_results: list[dict[str, Any]] = []
        folder.mkdir(parents=True, exist_ok=True)

    def parent(self, id: str, **changes: Any) -> None:
        """A parent document."""
        self.jobs.append(
            {
                "id": id,
                "name": f"screen {id}",
                "job_type": "batch_parent",
                "task_type": "batch_protein_ligand_screening",
                "status": "completed",
                "created_at": "2025-06-01T10:00:00",
                "completed_at": "2025-06-01T12:00:00+00:00",
                "user_id": "current_user",
                "model_name": "boltz2",
                "input_data": {"protein_name": "TRIM25", "protein_sequence": PROTEIN, "use_msa": True},
                **changes,
            }
        )

    def child(self, id: str, parent: str | None, n: int = 0, **changes: Any) -> dict[str, Any]:
        """A child document, with everything that the older schema has; the document, to be spoiled."""
        document = {
            "id": id,
            "name": f"{parent} ligand {n}",
            "job_type": "batch_child",
            "task_type": "protein_ligand_binding",
            "status": "completed",
            "created_at": "2025-06-01T10:00:01+00:00",
            "started_at": "2025-06-01T10:30:00+00:00",
            "completed_at": "2025-06-01T11:00:00+00:00",
            "batch_parent_id": parent,
            "batch_index": n,
            "model_name": "boltz2",
            "input_data": {
                "ligand_name": f"ligand {n}",
                "ligand_smiles": SMILES[n % len(SMILES)],
                "protein_name": "TRIM25",
                "protein_sequence": PROTEIN,
            },
            **changes,
        }
        self.jobs.append(document)
        return document

    def store(
        self,
        id: str,
        results: Any,
        *,
        at: str = "jobs/{id}",
        structure: bool = True,
        **files: Mapping[str, Any],
    ) -> Path:
        """Objects of a job; ``results`` as bytes is stored as it is, None not at all."""
        folder = self.folder / at.format(id=id)
        folder.mkdir(parents=True, exist_ok=True)
        if results is not None:
            content = results if isinstance(results, bytes) else json.dumps(results).encode()
            (folder / "results.json").write_bytes(content)
        if structure:
            (folder / "structure.cif").write_text(CIF.format(z=float(len(id))))
        for name, document in files.items():
            (folder / f"{name}.json").write_text(json.dumps(document))
        return folder

    def good(self, id: str, parent: str | None, n: int = 0, **changes: Any) -> None:
        """A completed child with its objects."""
        self.child(id, parent, n, **changes)
        self.store(id, figures(n))

    def write(self, form: str = "jsonl") -> Path:
        """The source, its documents in one of the forms."""
        for name, documents in (("jobs", self.jobs), ("my_results", self.my_results)):
            if documents:
                write_documents(self.folder, name, documents, form)
        return self.folder


def write_documents(folder: Path, name: str, documents: Sequence[dict[str, Any]], form: str) -> None:
    """The documents of a collection: ``jsonl``, ``array``, ``object`` or ``files``."""
    match form:
        case "jsonl":
            lines = (json.dumps(document) + "\n" for document in documents)
            (folder / f"{name}.jsonl").write_text("".join(lines))
        case "array":
            (folder / f"{name}.json").write_text(json.dumps(documents, indent=1))
        case "object":
            (folder / f"{name}.json").write_text(json.dumps({it["id"]: it for it in documents}))
        case "files":
            (folder / "documents" / name).mkdir(parents=True, exist_ok=True)
            for document in documents:
                (folder / "documents" / name / f"{document['id']}.json").write_text(json.dumps(document))


def odd_tree(folder: Path) -> OldTree:
    """Every oddity that is known of the older system, each in its own document."""
    tree = OldTree(folder)
    tree.parent("b1")
    tree.good("good-0", "b1", 0)
    tree.good("upper-case", "b1", 1, job_type="BATCH_CHILD", status="Complete")
    tree.child("linked-inside", None, 2, batch_parent_id=None)["input_data"]["parent_batch_id"] = "b1"
    tree.store("linked-inside", figures(2), at="batches/b1/jobs/{id}")
    bare = tree.child("bare", "b1", 3)
    for name in ("job_type", "task_type", "name", "batch_index", "status"):
        del bare[name]
    tree.store("bare", figures(3), at="archive/Boltz-2/Protein-Ligand/{id}")
    tree.child("inline", "b1", 4, output_data=figures(4) | {"structure_file_base64": _encoded()})
    tree.child("zeros", "b1", 5)
    tree.store("zeros", ZEROS, structure=False)
    tree.child("empty-hands", "b1", 6)
    tree.child("failed", "b1", 7, status="failed", error_message="CUDA out of memory")
    tree.store("failed", {"affinity": 0.0, "status": "failed"}, structure=False)
    tree.child("gpu-failed", "b1", 8)
    tree.store("gpu-failed", {"status": "failed", "error": "the run died", **ZEROS}, structure=False)
    tree.child("running", "b1", 9, status="RUNNING")
    tree.child("bad-smiles", "b1", 10)["input_data"]["ligand_smiles"] = "C1CC("
    tree.child("twin", "b1", 0, status="pending", created_at="2025-06-01T10:00:00+00:00")
    tree.good("strong", "b1", 12)
    tree.store("strong", figures(15) | {"affinity": 0.0}, structure=True)
    tree.parent("childless")
    tree.good("orphan-0", "lost-parent", 0)
    tree.good("orphan-1", "lost-parent", 1)
    tree.parent("not-begun", status="pending")
    tree.child("not-begun-0", "not-begun", 0, status="pending")
    single = tree.child("single", None, 2, job_type="individual", name="one ligand")
    del single["batch_index"]
    tree.store(
        "single", None, affinity=figures()["affinity_ensemble"], confidence=figures()["confidence_metrics"]
    )
    tree.child("fold", None, 0, job_type="individual", task_type="protein_structure")
    tree.child("chai", None, 0, job_type="individual", model_name="Chai-1")
    tree.store("nobody", figures())
    tree.my_results.append({"id": "good-0", "job_id": "good-0", "status": "completed", "results": figures(0)})
    return tree


def _encoded() -> str:
    return base64.b64encode(CIF.format(z=1.0).encode()).decode()
