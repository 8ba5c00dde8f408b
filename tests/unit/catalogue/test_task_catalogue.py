"""The catalogue of tasks: what a form shows, and what becomes of what is filled in."""

from typing import Any

import pytest

from services.submit.request import Order, read_value
from shared.catalogue.entry import known_models
from shared.catalogue.tasks.asking import field_of, order_of
from shared.catalogue.tasks.form import form
from shared.catalogue.tasks.task import Task, task, tasks
from shared.domain.naming import TASK_FOLDERS
from shared.errors import InvalidInput

SEQUENCE, OTHER = "MNIFEMLRIDEGLRLK", "GIVEQCCTSICSLYQLENYCN"
PDB = "HEADER    a target\n" * 5
KNOWN = {
    *("protein_ligand_binding", "batch_protein_ligand_screening", "protein_structure", "protein_complex"),
    *("binding_site_prediction", "variant_comparison", "drug_discovery", "nanobody_design"),
    *("cdr_optimization", "epitope_targeted_design", "antibody_de_novo_design"),
}
DESIGN: dict[str, Any] = {
    "job_name": "binders",
    "target_name": "PD-L1",
    "target_pdb_content": PDB,
    "hotspot_residues": "A:54, A56",
}


def refused(task_id: str, **given: Any) -> dict[str, str]:
    """What is said of each field."""
    with pytest.raises(InvalidInput) as refusal:
        order_of(task(task_id), given, model="noop")
    return {error.path: error.message for error in refusal.value.errors}


def test_all_tasks_that_users_know_are_there() -> None:
    assert set(tasks()) == KNOWN
    assert set(tasks()) <= set(TASK_FOLDERS)


def test_every_task_of_a_model_is_one_of_the_catalogue() -> None:
    assert {name for model in known_models() for name in model.tasks} <= KNOWN


@pytest.mark.parametrize("one", tasks().values(), ids=lambda it: it.id)
def test_a_task_is_available_or_says_why_not(one: Task) -> None:
    shown = form(one)
    assert shown["available"] == any(model["available"] for model in shown["models"])
    assert bool(shown["reason"]) != shown["available"]


@pytest.mark.parametrize("one", tasks().values(), ids=lambda it: it.id)
def test_a_form_has_what_its_fields_need(one: Task) -> None:
    shown = form(one)
    fields = {field["id"]: field for field in shown["input_fields"]}
    assert len(fields) == len(one.inputs)
    assert "job_name" in fields
    for field in fields.values():
        assert field["label"]
        assert field["description"]
        assert bool(field["options"]) == (field["field_type"] == "select")
        assert all(rule["message"] for rule in field["validation"])
    assert shown["output_fields"]
    assert shown["estimated_time"] > 0


@pytest.mark.parametrize(
    ("one", "example"),
    [(one, example) for one in tasks().values() for example in one.examples],
    ids=lambda it: getattr(it, "id", None) or it.name,
)
def test_an_example_is_accepted_as_it_stands(one: Task, example: Any) -> None:
    read_value(order_of(one, example.input_data, model="boltz2"), Order)


def test_a_ligand_and_its_protein_become_an_order() -> None:
    given: dict[str, Any] = {
        **{"job_name": " one ", "protein_name": "T4L", "protein_sequence": SEQUENCE},
        **{"ligand_smiles": "CCO", "ligand_name": "ethanol", "use_msa": False},
    }
    assert order_of(task("protein_ligand_binding"), given, model="boltz2") == {
        "task_type": "protein_ligand_binding",
        "model_name": "boltz2",
        "job_name": "one",
        "protein_name": "T4L",
        "protein_sequence": SEQUENCE,
        "ligands": [{"smiles": "CCO", "name": "ethanol"}],
        "parameters": {},
        "use_msa": False,
        "use_potentials": False,
    }


def test_the_second_chain_of_a_complex_is_a_parameter() -> None:
    given = {"job_name": "both", "chain_a_sequence": SEQUENCE, "chain_b_sequence": OTHER}
    body = order_of(task("protein_complex"), given, model="chai1", parameters={"seed": 1})
    assert (body["protein_name"], body["protein_sequence"]) == ("both", SEQUENCE)
    assert body["parameters"] == {"chains": [{"kind": "protein", "sequence": OTHER}], "seed": 1}


def test_the_wild_type_is_compared_with_its_variants() -> None:
    given = {
        "job_name": "mutants",
        "wildtype_sequence": SEQUENCE,
        "variants": '[{"name": "M1L", "sequence": "LNIFEMLRIDEGLRLK"}]',
    }
    assert order_of(task("variant_comparison"), given, model="boltz2")["variants"] == [
        {"name": "M1L", "sequence": "LNIFEMLRIDEGLRLK"},
        {"name": "wild type", "sequence": SEQUENCE},
    ]


def test_a_design_names_target_site_and_number() -> None:
    body = order_of(task("nanobody_design"), DESIGN | {"num_designs": 3}, model="rfantibody")
    assert (body["num_designs"], body["protein_structure"]) == (3, PDB.strip())
    assert body["parameters"] == {"target_chain": "A", "hotspots": "A:54, A56", "framework": "vhh"}


def test_cdr_loops_are_designed_on_the_framework_that_is_given() -> None:
    given = DESIGN | {"framework_pdb_content": PDB, "loops": "H3:5-13"}
    body = order_of(task("cdr_optimization"), given, model="rfantibody")
    assert (body["num_designs"], body["parameters"]["framework"]) == (10, "given")
    assert body["parameters"]["framework_file"] == PDB.strip()


@pytest.mark.parametrize(
    ("quality", "model", "parameters"),
    [
        ("balanced", "boltz2", {}),
        ("fast", "boltz2", {"recycling_steps": 1, "sampling_steps": 50}),
        ("fast", "chai1", {"num_trunk_recycles": 1, "num_diffn_timesteps": 50}),
    ],
)
def test_a_quality_means_what_the_model_calls_it(
    quality: str, model: str, parameters: dict[str, Any]
) -> None:
    given = {"job_name": "x", "protein_sequence": SEQUENCE, "prediction_quality": quality}
    assert order_of(task("protein_structure"), given, model=model)["parameters"] == parameters


def test_what_is_said_beside_the_input_counts_where_the_input_says_nothing() -> None:
    beside: dict[str, Any] = {"job_name": "outside", "use_msa": False, "use_potentials": None}
    given = {"protein_sequence": SEQUENCE, "job_name": "inside"}
    body = order_of(task("protein_structure"), given, model="boltz2", beside=beside)
    assert (body["job_name"], body["use_msa"]) == ("inside", False)


@pytest.mark.parametrize(
    ("task_id", "given", "paths"),
    [
        ("protein_ligand_binding", {}, {"protein_sequence", "ligand_smiles", "job_name"}),
        (
            "protein_ligand_binding",
            {"job_name": " ", "protein_structure": PDB},
            {"ligand_smiles", "job_name"},
        ),
        ("protein_structure", {"job_name": "x", "protein_sequence": "ACD"}, {"protein_sequence"}),
        ("protein_structure", {"job_name": "x" * 201, "protein_sequence": SEQUENCE}, {"job_name"}),
        ("protein_structure", {"job_name": "x", "protein_sequence": SEQUENCE, "ph": 7}, {"ph"}),
        (
            "protein_structure",
            {"job_name": 7, "protein_sequence": [], "use_msa": "yes", "prediction_quality": "best"},
            {"job_name", "protein_sequence", "use_msa", "prediction_quality"},
        ),
        (
            "protein_structure",
            {"job_name": "x", "protein_sequence": SEQUENCE, "prediction_quality": "fast"},
            {"prediction_quality"},
        ),
        ("protein_complex", {"job_name": "x", "chain_a_sequence": SEQUENCE}, {"chain_b_sequence"}),
        (
            "drug_discovery",
            {"job_name": "x", "protein_sequence": SEQUENCE, "compound_library": "C\nCC", "max_compounds": 1},
            {"compound_library"},
        ),
        (
            "drug_discovery",
            {"job_name": "x", "protein_sequence": SEQUENCE, "compound_library": "C", "max_compounds": 1001},
            {"max_compounds"},
        ),
        (
            "batch_protein_ligand_screening",
            {"job_name": "x", "protein_sequence": SEQUENCE, "ligands": "CCO"},
            {"ligands"},
        ),
        (
            "variant_comparison",
            {"job_name": "x", "wildtype_sequence": SEQUENCE, "variants": []},
            {"variants"},
        ),
        ("nanobody_design", DESIGN | {"num_designs": 51}, {"num_designs"}),
        ("nanobody_design", DESIGN | {"num_designs": True}, {"num_designs"}),
        (
            "nanobody_design",
            DESIGN | {"target_chain": "AB", "target_pdb_content": "x"},
            {"target_chain", "target_pdb_content"},
        ),
        ("cdr_optimization", DESIGN, {"framework_pdb_content", "loops"}),
    ],
    ids=lambda it: it if isinstance(it, str) else None,
)
def test_a_refusal_names_every_wrong_field_of_the_task(
    task_id: str, given: dict[str, Any], paths: set[str]
) -> None:
    said = refused(task_id, **given)
    assert set(said) == paths
    assert all(said.values())


def test_a_parameter_that_a_field_sets_is_not_given_beside_it() -> None:
    with pytest.raises(InvalidInput, match="target_chain: sets parameters"):
        order_of(task("nanobody_design"), DESIGN, model="noop", parameters={"target_chain": "B"})


@pytest.mark.parametrize(
    ("task_id", "path", "field"),
    [
        ("protein_ligand_binding", "ligands[line 1]", "ligand_smiles"),
        ("protein_complex", "protein_sequence", "chain_a_sequence"),
        ("protein_complex", "parameters.chains.0.sequence", "chain_b_sequence"),
        ("drug_discovery", "library.content[line 3]", "compound_library[line 3]"),
        ("variant_comparison", "variants[line 2]", "variants[line 2]"),
        ("epitope_targeted_design", "parameters.hotspots.1", "epitope_residues.1"),
        ("nanobody_design", "protein_structure", "target_pdb_content"),
        ("nanobody_design", "model_name", "model_id"),
        ("nanobody_design", "configuration.priority", "configuration.priority"),
    ],
)
def test_what_is_wrong_with_an_order_is_said_of_the_field_it_came_from(
    task_id: str, path: str, field: str
) -> None:
    assert field_of(task(task_id), path) == field
