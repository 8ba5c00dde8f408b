import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from rdkit import Chem

from shared.chemistry.box import (
    MARGIN,
    SMALLEST_AUTOMATIC,
    Box,
    box_from_ligand,
    box_from_residues,
    box_touches,
)
from shared.chemistry.structure import read_structure, select_residue

LYSOZYME = Path(__file__).parents[3] / "examples" / "t4l_l99a"
coordinates = st.floats(-500, 500, allow_nan=False)
points = st.lists(st.tuples(coordinates, coordinates, coordinates), min_size=1, max_size=8)


def sdf_of(positions: list[tuple[float, float, float]]) -> str:
    molecule = Chem.RWMol()
    conformer = Chem.Conformer(len(positions))
    for index, position in enumerate(positions):
        molecule.AddAtom(Chem.Atom(6))
        conformer.SetAtomPosition(index, position)
    molecule.AddConformer(conformer)
    return str(Chem.MolToMolBlock(molecule)) + "$$$$\n"


def test_the_box_of_the_example_follows_from_its_reference_poses() -> None:
    expected = json.loads((LYSOZYME / "box.json").read_text())
    box = box_from_ligand((LYSOZYME / "reference_poses.sdf").read_text())

    assert box.center == pytest.approx(expected["center"], abs=0.01)
    assert box.size == pytest.approx(expected["size"], abs=0.01)


@given(points=points)
def test_a_box_around_a_ligand_holds_it_with_room_to_spare(points: list[tuple[float, float, float]]) -> None:
    spans = [max(axis) - min(axis) for axis in zip(*points, strict=True)]
    flat = all(round(z, 4) == 0 for _, _, z in points)
    if flat or max(spans) > 60 - 2 * MARGIN - 0.01:
        with pytest.raises(ValueError, match=r"flat|at most 60 Å"):
            box_from_ligand(sdf_of(points))
        return
    box = box_from_ligand(sdf_of(points))

    assert all(box.contains(point) for point in points)
    for size, span in zip(box.size, spans, strict=True):
        assert size == pytest.approx(max(SMALLEST_AUTOMATIC, span + 2 * MARGIN), abs=0.002)


@pytest.mark.parametrize("text", ["", "nothing", "$$$$\n"])
def test_an_sdf_without_a_molecule_gives_no_box(text: str) -> None:
    with pytest.raises(ValueError, match="not an SDF file"):
        box_from_ligand(text)


def test_a_flat_ligand_gives_no_box() -> None:
    with pytest.raises(ValueError, match="flat"):
        box_from_ligand(sdf_of([(0.0, 0.0, 0.0), (1.5, 0.0, 0.0)]))


def test_a_box_around_residues_holds_all_their_atoms() -> None:
    protein = read_structure((LYSOZYME / "receptor.pdb").read_bytes())
    box = box_from_residues(protein, ["A:99", "A102", "A:111"])

    assert all(box.contains(atom.pos.tolist()) for atom in select_residue(protein, "A:102"))
    assert min(box.size) >= SMALLEST_AUTOMATIC
    assert box_touches(box, protein)


def test_a_box_away_from_the_protein_does_not_touch_it() -> None:
    protein = read_structure((LYSOZYME / "receptor.pdb").read_bytes())

    assert not box_touches(Box(center=(200, 200, 200), size=(20, 20, 20)), protein)


@pytest.mark.parametrize("length", [4.9, 60.1, 0, -20, math.nan, math.inf])
def test_a_box_has_edges_of_5_to_60_angstrom(length: float) -> None:
    with pytest.raises(ValidationError):
        Box(center=(0, 0, 0), size=(20, 20, length))
