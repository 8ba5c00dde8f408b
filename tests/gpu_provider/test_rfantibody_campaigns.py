"""Campaigns through the real entry points, with the engine at Modal and stand-ins for the programs."""

import json
from pathlib import Path
from typing import Any

import gemmi
import pytest

from shared import wiring
from shared.chemistry.structure import read_structure
from tests.support.modal_chain import ModalChain
from tests.support.rfantibody import LYSOZYME, Installation, framework, installed
from tests.support.screens import status

HOTSPOTS = {"hotspots": "A:20, A22"}


@pytest.fixture
def installation(tmp_path: Path, chain: ModalChain) -> Installation:
    """What the containers of the chain have."""
    made = installed(tmp_path)
    chain.predictors = lambda model: made.predictor
    return made


def campaign(**changes: Any) -> dict[str, Any]:
    """An order of three designs against T4 lysozyme."""
    return {
        "job_name": "a campaign",
        "protein_name": "T4 lysozyme",
        "protein_structure": LYSOZYME.decode(),
        "model_name": "rfantibody",
        "task_type": "nanobody_design",
        "num_designs": 3,
        "parameters": HOTSPOTS,
        **changes,
    }


def outcomes(chain: ModalChain, batch_id: str) -> list[Any]:
    """The facts, by the place of the job."""
    return sorted(chain.ledger.outcomes(batch_id, 0, limit=99), key=lambda it: it.ref.position)


def test_a_campaign_runs_from_the_order_to_ranked_designs_with_their_files(
    chain: ModalChain, installation: Installation
) -> None:
    reply = chain.submit(campaign())
    assert reply.status == 202, reply.body
    chain.drain()
    first, second = outcomes(chain, reply.body["batch_id"])
    assert [it.failure for it in (first, second)] == [None, None]
    assert [it.metrics["n_designs"] for it in (first, second)] == [8, 4]
    assert second.metrics["best_design"].startswith("design_3_seq_")
    names = [artefact.name for artefact in first.artefacts]
    assert sorted(names) == sorted(
        ["designs.csv", "designs.json", "designs.tar.gz", "logs.txt", "results.json", "structure.cif"]
    )
    files = {artefact.name: wiring.local_blobs().get(artefact.key) for artefact in first.artefacts}
    assert "rf2, predictions" in files["logs.txt"].decode()
    assert len(json.loads(files["results.json"])["details"]["designs"]) == 8
    assert [chain.name for chain in read_structure(files["structure.cif"])[0]] == ["H", "A"]


def test_a_share_that_makes_nothing_fails_and_the_others_do_not(
    chain: ModalChain, installation: Installation
) -> None:
    installation.goes_wrong(rfdiffusion={"skips": [1]}, proteinmpnn={"unknown": [1]})
    batch_id = chain.submit(campaign()).body["batch_id"]
    chain.drain()
    assert [it.metrics["n_missing"] for it in outcomes(chain, batch_id)] == [4, 0]
    installation.goes_wrong(rf2={"says": "CUDA out of memory", "status": 1})
    batch_id = chain.submit(campaign(num_designs=1, job_name="another")).body["batch_id"]
    chain.drain()
    assert status(chain, batch_id)["accounting"]["failed"] == 1
    (outcome,) = outcomes(chain, batch_id)
    assert outcome.failure.kind == "out_of_memory"


def without_an_alpha_carbon(structure: gemmi.Structure) -> str:
    structure[0][0][9].remove_atom("CA", "\0", gemmi.Element("C"))
    return str(structure.make_pdb_string())


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        ({"parameters": {"hotspots": "A:20,A:900"}}, "parameters.hotspots", "not on the target: A:900"),
        ({"parameters": {"hotspots": "20"}}, "parameters.hotspots", "write chain and number"),
        ({"parameters": {}}, "parameters.hotspots", "required"),
        ({"parameters": {**HOTSPOTS, "loops": "L1:8"}}, "parameters", "no light chain"),
        ({"protein_structure": None}, "protein_structure", "needs the target's structure"),
        (
            {"protein_structure": without_an_alpha_carbon(gemmi.read_pdb_string(LYSOZYME.decode()))},
            "protein_structure",
            "atoms of the backbone are missing: A:10 CA",
        ),
        (
            {"parameters": {"target_chain": "B", "hotspots": "B:1"}},
            "protein_structure",
            "no chain B; its chains are A",
        ),
        (
            {"parameters": {**HOTSPOTS, "framework": "given", "framework_file": framework("H", loops=False)}},
            "parameters.framework_file",
            "no residue is labelled as H1, H2, H3",
        ),
    ],
)
def test_what_cannot_be_designed_on_is_refused_at_its_field_before_anything_runs(
    chain: ModalChain, changes: dict[str, Any], path: str, said: str
) -> None:
    reply = chain.submit(campaign(**changes))
    assert reply.status == 422
    errors = reply.body["errors"]
    assert [error["path"] for error in errors] == [path]
    assert said in errors[0]["message"]
