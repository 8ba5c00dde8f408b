"""The checks of a pose on the near part of a protein are those on the whole of it."""

from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Geometry import Point3D

from modal_gpu.predictors.vina.receptor import prepare_receptor
from modal_gpu.predictors.vina.validity import around, busters, pose_checks
from shared.chemistry.structure import read_structure

SAMPLE = Path(__file__).parents[3] / "examples" / "t4l_l99a"
PROTEIN = prepare_receptor(read_structure((SAMPLE / "receptor.pdb").read_bytes())).molecule
POSES = [
    Chem.AddHs(pose, addCoords=True)
    for pose in Chem.SDMolSupplier(str(SAMPLE / "reference_poses.sdf"))
    if pose is not None
][:3]


def moved(pose: Chem.Mol, by: float) -> Chem.Mol:
    """The pose, that many Å away."""
    away = Chem.Mol(pose)
    conformer = away.GetConformer()
    for index in range(away.GetNumAtoms()):
        at = conformer.GetAtomPosition(index)
        conformer.SetAtomPosition(index, Point3D(at.x + by, at.y, at.z))
    return away


@pytest.mark.parametrize("by", [0.0, 2.0, 5.0, 25.0, 500.0])
@pytest.mark.parametrize("pose", POSES, ids=range(len(POSES)))
def test_nothing_that_is_left_out_changes_a_check(pose: Chem.Mol, by: float) -> None:
    pose = moved(pose, by)
    [whole] = busters().bust([pose], None, PROTEIN).astype(object).to_dict("records")
    assert pose_checks(pose, PROTEIN) == {name: bool(value) for name, value in whole.items()}


def test_only_what_is_near_is_looked_at() -> None:
    assert 50 < around(PROTEIN, POSES[0]).GetNumAtoms() < PROTEIN.GetNumAtoms() / 2
    assert around(PROTEIN, moved(POSES[0], 500)).GetNumAtoms() == PROTEIN.GetNumAtoms()
