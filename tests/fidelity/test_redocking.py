"""
Known complexes docked again from the SMILES: how far the best pose ends from where the ligand lies.

RMSD in Å over heavy atoms and the ligand's symmetries, in place: nothing is moved onto anything. The
reference is found by its graph, so that neither names nor the order of the atoms matter. The
references of T4 lysozyme are partly modelled (see ``examples/README.md``).
"""

import json
from functools import cache
from pathlib import Path

import pytest
from rdkit import Chem

from modal_gpu.predictors.vina.dock import Search, dock
from modal_gpu.predictors.vina.ligand import prepare_ligand
from modal_gpu.predictors.vina.pose import molecules, rmsd
from modal_gpu.predictors.vina.receptor import Receptor, prepare_receptor
from shared.chemistry.box import Box
from shared.chemistry.structure import read_structure

LYSOZYME = Path(__file__).parents[2] / "examples" / "t4l_l99a"
SEED = 42
EXHAUSTIVENESS = 8

# Bound for the best pose, and what was measured for it and for the nearest of all poses.
REDOCKED = {
    #                              bound  measured: best, nearest
    "c1ccccc1": (1.5, (0.82, 0.80)),  # benzene
    "Cc1ccccc1": (1.5, (0.73, 0.44)),  # toluene
    "CCc1ccccc1": (1.0, (0.48, 0.48)),  # ethylbenzene
    "CCCc1ccccc1": (1.5, (0.81, 0.68)),  # propylbenzene
    "CCCCc1ccccc1": (1.5, (0.81, 0.76)),  # butylbenzene
    "CC(C)Cc1ccccc1": (1.5, (0.90, 0.90)),  # isobutylbenzene
    "CCc1cccc(C)c1": (2.0, (1.15, 1.15)),  # 3-ethyltoluene
}

# The best pose lies elsewhere: these nearly round ligands fit the pocket in several ways that Vina scores
# within 0.2 kcal/mol of each other. The right one is among the poses.
NOT_REDOCKED = {
    "Cc1ccccc1C": (2.50, 1.03),  # o-xylene
    "Cc1cccc(C)c1": (2.55, 0.88),  # m-xylene
    "Cc1ccc(C)cc1": (2.19, 1.81),  # p-xylene
    "CCc1ccccc1C": (2.40, 1.00),  # 2-ethyltoluene
    "CCc1ccc(C)cc1": (3.98, 1.24),  # 4-ethyltoluene
}


@pytest.mark.parametrize("smiles", REDOCKED)
def test_a_known_complex_is_found_again(smiles: str) -> None:
    bound, _ = REDOCKED[smiles]

    assert distances(smiles)[0] <= bound


@pytest.mark.parametrize("smiles", NOT_REDOCKED)
def test_where_the_best_pose_is_known_to_lie_elsewhere_the_right_one_is_among_the_others(smiles: str) -> None:
    best, *others = distances(smiles)

    assert best > 2.0, "found again: move it to the table above"
    assert min(others) < 2.0


def test_every_reference_is_in_one_of_the_tables() -> None:
    assert REDOCKED.keys() | NOT_REDOCKED.keys() == references().keys()
    assert not REDOCKED.keys() & NOT_REDOCKED.keys()


@cache
def distances(smiles: str) -> list[float]:
    """RMSD (Å) of every pose to the reference, in the order of the scores."""
    ligand = prepare_ligand(smiles, seed=SEED)
    search = Search(seed=SEED, exhaustiveness=EXHAUSTIVENESS, n_poses=9, energy_range=3.0, min_rmsd=1.0)
    poses = molecules(dock(receptor().pdbqt, ligand.pdbqt, box(), search), ligand.reference)
    return [rmsd(pose, references()[smiles]) for pose in poses]


@cache
def references() -> dict[str, Chem.Mol]:
    """The reference poses by canonical SMILES."""
    found = Chem.SDMolSupplier(str(LYSOZYME / "reference_poses.sdf"))
    return {Chem.MolToSmiles(pose): pose for pose in found}


@cache
def receptor() -> Receptor:
    return prepare_receptor(read_structure((LYSOZYME / "receptor.pdb").read_bytes()))


def box() -> Box:
    given = json.loads((LYSOZYME / "box.json").read_text())
    return Box(center=given["center"], size=given["size"])
