"""Screens with Chai-1 through every function: what is refused at submit, and what its files become."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modal_gpu.predictors.chai1.files import Layout
from modal_gpu.predictors.chai1.predictor import Chai1Predictor
from modal_gpu.predictors.chai1.reader import Errors
from shared.catalogue.chai1_parameters import Chai1Parameters
from shared.models.work import FailureClass
from tests.modal_server.server import ControlPlane
from tests.support.functions import ROOT
from tests.support.modal_chain import ModalChain, modal_chain_at
from tests.support.screens import paths, status

OUTPUTS = ROOT / "tests" / "unit" / "chai1" / "outputs"
SEQUENCE, ASPIRIN = "MKTAYIAKQRQISFVKSHFS", "CC(=O)Oc1ccccc1C(=O)O"


class Genuine:
    """Plays the program: it writes the files that it once wrote for aspirin, whatever it is asked."""

    usable = True

    def fold(self, layout: Layout, parameters: Chai1Parameters, seed: int) -> Errors:
        """See ``Program``."""
        shutil.copytree(OUTPUTS / "chai", layout.output)
        pairs = np.zeros((parameters.num_samples, 33, 33), dtype=np.float32)
        return Errors(pairs, pairs, pairs[:, 0])


@pytest.fixture
def chain(tmp_path: Path, control_plane: ControlPlane) -> Iterator[ModalChain]:
    with modal_chain_at(tmp_path, control_plane) as chain:
        control_plane.deployments.have("omtx-chai1", most_containers=4)
        chain.predictors = lambda model: Chai1Predictor(Genuine())
        yield chain


def order(*smiles: str, **changes: Any) -> dict[str, Any]:
    """A screen of these ligands; changes of ``parameters`` are added to two samples."""
    parameters = {"num_samples": 2, **changes.pop("parameters", {})}
    rows = [{"name": f"ligand {number}", "smiles": it} for number, it in enumerate(smiles or (ASPIRIN,))]
    return {
        "job_name": "complexes",
        "protein_name": "target",
        "protein_sequence": SEQUENCE,
        "model_name": "chai1",
        "ligands": rows,
        "parameters": parameters,
        **changes,
    }


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "no target": ({"protein_sequence": None}, "protein_sequence"),
    "target twice": ({"parameters": {"fasta": ">protein|name=a\nMKT\n"}}, "parameters.fasta"),
    "bad letters": ({"parameters": {"chains": [{"kind": "rna", "sequence": "ACGT"}]}}, "parameters.chains.0"),
    "too many samples": ({"parameters": {"num_samples": 11}}, "parameters.num_samples"),
    "too few steps": ({"parameters": {"num_diffn_timesteps": 49}}, "parameters.num_diffn_timesteps"),
    "templates": ({"parameters": {"use_templates_server": True}}, "parameters.use_templates_server"),
    "too large": (
        {"parameters": {"chains": [{"kind": "protein", "sequence": "M" * 2028}]}},
        "parameters.chains",
    ),
    "restraint": (
        {"parameters": {"restraints": [{"kind": "pocket", "a": "ligand", "b": "A:W2"}]}},
        "parameters.restraints",
    ),
    "malformed restraint": (
        {"parameters": {"restraints": [{"kind": "pocket", "a": "ligand", "b": "A/2"}]}},
        "parameters.restraints.0.b",
    ),
    "an alignment and none": ({"use_msa": False, "parameters": {"use_msa": True}}, "use_msa"),
    "task": ({"task_type": "nanobody_design", "ligands": None, "num_designs": 2}, "task_type"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_names_the_field(chain: ModalChain, case: str) -> None:
    changes, expected = REFUSALS[case]
    assert paths(chain.submit(order(**changes))) == [expected]


def test_a_ligand_that_does_not_fit_beside_its_target_stops_no_other(
    chain: ModalChain,
) -> None:
    large = {"chains": [{"kind": "protein", "sequence": "M" * 2010}]}
    reply = chain.submit(order("CCO", ASPIRIN * 2, parameters=large))
    assert reply.status == 202
    (refused,) = reply.body["rejected"]
    assert "26 heavy atoms; Chai-1 takes 2048 residues and atoms together" in refused["reason"]


def test_a_screen_keeps_what_is_about_its_ligand_and_nothing_else(chain: ModalChain) -> None:
    batch_id = chain.submit(order(ASPIRIN, "CCO", f"{ASPIRIN}.[Na+].[OH-]")).body["batch_id"]
    chain.drain()
    right, wrong, salt = sorted(chain.ledger.outcomes(batch_id, 0, limit=9), key=lambda it: it.ref.position)
    assert {it.name for it in right.artefacts} == {
        *("results.json", "structure.cif", "ligand.sdf", "pae.npz", "logs.txt")
    }
    assert right.metrics["aggregate_score"] == pytest.approx(0.031, abs=0.1)
    assert wrong.failure is not None
    assert wrong.failure.kind is FailureClass.MODEL_ERROR
    assert wrong.failure.message.startswith("model_substituted_record")
    assert salt.metrics == right.metrics
    counts = status(chain, batch_id)["accounting"]
    assert (counts["completed"], counts["failed"]) == (2, 1)
