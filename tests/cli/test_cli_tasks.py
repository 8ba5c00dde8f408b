"""Predictions by task on a real server, over HTTP, and what the program says of them."""

from typing import Any

import pytest

from cli.connection import connected
from tests.cli.program import Omtx

SEQUENCE = "MNIFEMLRIDEGLRLK"
TARGET = {"target_name": "PD-L1", "target_pdb_content": "HEADER    x\n" * 9, "hotspot_residues": "A:54"}
INPUTS: dict[str, tuple[int, dict[str, Any]]] = {
    "protein_structure": (1, {"protein_sequence": SEQUENCE}),
    "protein_complex": (1, {"chain_a_sequence": SEQUENCE, "chain_b_sequence": SEQUENCE}),
    "variant_comparison": (
        2,
        {"wildtype_sequence": SEQUENCE, "variants": [{"name": "M1L", "sequence": "L" + SEQUENCE[1:]}]},
    ),
    "nanobody_design": (3, TARGET | {"num_designs": 10}),
    "drug_discovery": (2, {"protein_sequence": SEQUENCE, "compound_library": "CCO ethanol\nC methane\n"}),
}


def predicted(task_id: str, **given: Any) -> dict[str, Any]:
    """The answer to a prediction by the test model."""
    body = {"task_type": task_id, "model_id": "noop", "job_name": task_id, "input_data": given}
    with connected() as connection:
        answer: dict[str, Any] = connection.post("/api/v2/predict", body)
    return answer


@pytest.mark.parametrize("task_id", INPUTS)
def test_a_task_runs_to_a_batch_that_verifies(omtx: Omtx, task_id: str) -> None:
    jobs, given = INPUTS[task_id]
    batch = predicted(task_id, **given)["batch_id"]
    assert omtx("watch", batch).code == 0
    assert omtx("status", batch).json["accounting"]["completed"] == jobs
    verified = omtx("verify", batch)
    assert (verified.code, verified.json["ok"]) == (0, True)
    assert len(omtx("results", batch).json["results"]) == jobs


def test_a_table_has_a_column_of_smiles_only_where_there_are_ligands(omtx: Omtx) -> None:
    shown = {}
    for task_id in ("nanobody_design", "drug_discovery"):
        batch = predicted(task_id, **INPUTS[task_id][1])["batch_id"]
        omtx("watch", batch)
        shown[task_id] = omtx("results", batch, "--format", "table").out
    assert "SMILES" in shown["drug_discovery"]
    assert "SMILES" not in shown["nanobody_design"]
    assert "designs 9 to 10" in shown["nanobody_design"]


def test_the_forms_come_over_the_same_address(omtx: Omtx) -> None:
    with connected() as connection:
        listed = connection.get("/api/v2/tasks")["tasks"]
        form = connection.get("/api/v2/tasks/nanobody_design")
        checked = connection.post("/api/v2/tasks/nanobody_design/validate", {"input_data": {}})
    assert len(listed) == 11
    rules = {it["id"]: [rule["rule_type"] for rule in it["validation"]] for it in form["input_fields"]}
    required = {name for name, its in rules.items() if "required" in its}
    assert {error["path"] for error in checked["errors"]} == required
