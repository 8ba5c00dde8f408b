from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from shared.catalogue.vina_boxes import docking_boxes
from shared.catalogue.vina_parameters import (
    AUTO_BASE,
    AUTO_MOST,
    AUTO_RULE,
    BOX_SOURCES,
    VinaParameters,
    searches,
)
from shared.chemistry.structure import read_structure

LYSOZYME = Path(__file__).parents[3] / "examples" / "t4l_l99a"
BOX = {"center": [-8.12, 6.98, -0.83], "size": [20.0, 20.0, 20.0]}
PROTEIN = read_structure((LYSOZYME / "receptor.pdb").read_bytes())


def test_the_defaults_are_those_of_vina_three_runs_and_the_ligand_as_given() -> None:
    parameters = VinaParameters.model_validate({"box": BOX})

    assert parameters.model_dump(exclude={*BOX_SOURCES, "receptors"}) == {
        "exhaustiveness": 8,
        "n_poses": 9,
        "energy_range": 3.0,
        "min_rmsd": 1.0,
        "runs": 3,
        "protonation": "as_given",
        "ph": 7.4,
        "tautomers": "as_given",
    }


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, ""),
        ({"box": BOX, "box_from_residues": ["A:99"]}, ""),
        ({"box": BOX, "boxes": [BOX]}, ""),
        ({"boxes": []}, "boxes"),
        ({"boxes": [BOX] * 9}, "boxes"),
        ({"box": BOX, "exhaustiveness": 0}, "exhaustiveness"),
        ({"box": BOX, "exhaustiveness": 65}, "exhaustiveness"),
        ({"box": BOX, "exhaustiveness": "much"}, "exhaustiveness"),
        ({"box": BOX, "n_poses": 21}, "n_poses"),
        ({"box": BOX, "runs": 11}, "runs"),
        ({"box": BOX, "energy_range": 0}, "energy_range"),
        ({"box": BOX, "exhaustivness": 8}, "exhaustivness"),
        ({"box": BOX, "protonation": "yes"}, "protonation"),
        ({"box": BOX, "ph": 14.1}, "ph"),
        ({"box": BOX, "tautomers": "all"}, "tautomers"),
        ({"box": BOX, "receptors": [""]}, "receptors.0"),
        ({"box_from_residues": []}, "box_from_residues"),
    ],
)
def test_what_is_out_of_range_unknown_or_ambiguous_is_refused_under_its_field(
    given: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        VinaParameters.model_validate(given)

    assert ".".join(str(step) for step in refusal.value.errors()[0]["loc"]) == field


@pytest.mark.parametrize("value", [1, 64, "auto"])
def test_the_form_s_schema_takes_a_number_or_auto(value: int | str) -> None:
    schema = Draft202012Validator(VinaParameters.model_json_schema())

    assert schema.is_valid({"box": BOX, "exhaustiveness": value})
    assert not schema.is_valid({"box": BOX, "exhaustiveness": 65})
    assert not schema.is_valid({"box": BOX, "exhaustiveness": "much"})


def test_the_rule_of_auto_stands_in_the_schema() -> None:
    described = VinaParameters.model_json_schema()["properties"]["exhaustiveness"]["description"]

    assert f"auto: {AUTO_RULE}" in described


@given(torsions=st.integers(0, 200), number=st.integers(1, 64))
def test_a_number_of_searches_is_taken_as_it_is_and_auto_grows_within_its_bounds(
    torsions: int, number: int
) -> None:
    assert searches(number, torsions) == number
    assert AUTO_BASE <= searches("auto", torsions) <= searches("auto", torsions + 1) <= AUTO_MOST


def test_auto_gives_a_rigid_ligand_4_searches_and_meets_vinas_default_at_two_torsions() -> None:
    assert [searches("auto", torsions) for torsions in (0, 2, 5, 14, 30)] == [4, 8, 14, 32, 32]


def test_the_ways_to_place_the_box_agree_on_the_pocket() -> None:
    ways: list[dict[str, Any]] = [
        {"box": BOX},
        {"boxes": [BOX]},
        {"box_from_ligand": (LYSOZYME / "reference_poses.sdf").read_text()},
        {"box_from_residues": ["A:87", "A:99", "A:102", "A:111", "A:118", "A:153"]},
    ]
    boxes = [docking_boxes(VinaParameters.model_validate(way), {"p": PROTEIN})["p"] for way in ways]

    assert all(box.contains(BOX["center"]) for box in boxes)


def test_a_box_beside_the_protein_is_refused() -> None:
    beside = VinaParameters.model_validate({"box": {**BOX, "center": [99, 99, 99]}})

    with pytest.raises(ValueError, match="does not touch the protein"):
        docking_boxes(beside, {"p": PROTEIN})
