"""What is wrong with a pose is found, by name; what is right passes."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers
from rdkit.Geometry import Point3D

from shared.chemistry.pose_checks import pose_checks
from shared.chemistry.verdicts import all_pass, failed

FAR, ELEMENTS = np.array([[60.0, 0, 0]]), ["C"]
LIGANDS = (
    "CC(=O)Oc1ccccc1C(=O)O",
    "C[C@H](N)C(=O)O",
    "C/C=C/c1ccccc1",
    "CN1CCC[C@H]1c1cccnc1",
    "O=S(=O)(N)c1ccc(Cl)cc1",
)


def posed(smiles: str) -> Chem.Mol:
    """A sensible shape, without hydrogens."""
    whole = Chem.AddHs(Chem.MolFromSmiles(smiles))
    rdDistGeom.EmbedMolecule(whole, randomSeed=7)
    rdForceFieldHelpers.MMFFOptimizeMolecule(whole)
    return Chem.RemoveHs(whole)


def moved(pose: Chem.Mol, atom: int, place: tuple[float, float, float]) -> Chem.Mol:
    other = Chem.Mol(pose)
    other.GetConformer().SetAtomPosition(atom, Point3D(*place))
    return other


@pytest.mark.parametrize("smiles", LIGANDS)
def test_a_relaxed_shape_passes_every_check(smiles: str) -> None:
    checks = pose_checks(posed(smiles), FAR, ELEMENTS, sound=True)
    assert failed(checks) == []
    assert all_pass(checks) is True


def test_a_mirrored_centre_fails_the_stereo_and_nothing_else() -> None:
    pose = posed("C[C@H](N)C(=O)O")
    for atom in range(pose.GetNumAtoms()):
        x, y, z = pose.GetConformer().GetAtomPosition(atom)
        pose.GetConformer().SetAtomPosition(atom, Point3D(-x, y, z))
    assert failed(pose_checks(pose, FAR, ELEMENTS, sound=True)) == ["stereochemistry"]


def test_stretched_bonds_and_atoms_on_top_of_each_other_are_found() -> None:
    pose = posed("CCCCCC")
    first = pose.GetConformer().GetAtomPosition(0)
    found = failed(pose_checks(moved(pose, 5, (first.x + 0.2, first.y, first.z)), FAR, ELEMENTS, sound=False))
    assert {"molecular_bonds", "bond_lengths", "internal_steric_clash"} <= set(found)


def test_an_atom_with_too_many_neighbours_has_an_impossible_valence() -> None:
    pose = posed("CCCCCC")
    x, y, z = pose.GetConformer().GetAtomPosition(2)
    for atom, (dx, dy, dz) in {
        0: (1.4, 0, 0),
        3: (-1.4, 0, 0),
        4: (0, 1.4, 0),
        5: (0, -1.4, 0),
        1: (0, 0, 1.4),
    }.items():
        pose = moved(pose, atom, (x + dx, y + dy, z + dz))
    assert "valences" in failed(pose_checks(pose, FAR, ELEMENTS, sound=False))


def test_an_atom_out_of_the_plane_of_its_aromatic_ring_is_found() -> None:
    pose = posed("c1ccccc1C")
    ring = list(range(6))
    points = pose.GetConformer().GetPositions()[ring]
    normal = np.linalg.svd(points - points.mean(axis=0))[2][2]
    bent = moved(pose, 0, tuple(points[0] + 0.7 * normal))
    assert "aromatic_ring_flatness" in failed(pose_checks(bent, FAR, ELEMENTS, sound=True))


def test_an_atom_of_the_protein_within_the_ligand_is_a_clash() -> None:
    pose = posed("c1ccccc1C")
    inside = np.array([pose.GetConformer().GetPositions().mean(axis=0)])
    assert failed(pose_checks(pose, inside, ["N"], sound=True)) == ["minimum_distance_to_protein"]


def test_of_distances_that_are_no_molecule_s_no_stereo_is_read() -> None:
    checks = pose_checks(posed("C[C@H](N)C(=O)O"), FAR, ELEMENTS, sound=False)
    assert checks["stereochemistry"] is None
    assert all_pass(checks) is False
