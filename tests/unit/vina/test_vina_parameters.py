from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.catalogue.vina_boxes import docking_boxes
from shared.catalogue.vina_parameters import BOX_SOURCES, VinaParameters
from shared.chemistry.structure import read_structure

LYSOZYME = Path(__file__).parents[3] / "examples" / "t4l_l99a"
BOX = {"center": [-8.12, 6.98, -0.83], "size": [20.0, 20.0, 20.0]}
PROTEIN = read_structure((LYSOZYME / "receptor.pdb").read_bytes())


def test_the_defaults_are_those_of_vina_and_three_runs() -> None:
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
    "given",
    [
        {},
        {"box": BOX, "box_from_residues": ["A:99"]},
        {"box": BOX, "exhaustiveness": 0},
        {"box": BOX, "exhaustiveness": 65},
        {"box": BOX, "n_poses": 21},
        {"box": BOX, "runs": 11},
        {"box": BOX, "energy_range": 0},
        {"box": BOX, "exhaustivness": 8},
        {"box_from_residues": []},
    ],
)
def test_what_is_out_of_range_unknown_or_ambiguous_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        VinaParameters.model_validate(given)


def test_the_three_ways_to_place_the_box_agree_on_the_pocket() -> None:
    ways: list[dict[str, Any]] = [
        {"box": BOX},
        {"box_from_ligand": (LYSOZYME / "reference_poses.sdf").read_text()},
        {"box_from_residues": ["A:87", "A:99", "A:102", "A:111", "A:118", "A:153"]},
    ]
    boxes = [docking_boxes(VinaParameters.model_validate(way), {"p": PROTEIN})["p"] for way in ways]

    assert all(box.contains(BOX["center"]) for box in boxes)


def test_a_box_beside_the_protein_is_refused() -> None:
    beside = VinaParameters.model_validate({"box": {**BOX, "center": [99, 99, 99]}})

    with pytest.raises(ValueError, match="does not touch the protein"):
        docking_boxes(beside, {"p": PROTEIN})
