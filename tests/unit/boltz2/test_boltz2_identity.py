"""Whether the ligand in a structure is the one that was asked for, in shapes as real weights give them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import rdDistGeom

from modal_gpu.predictors.base import PredictionFailed
from modal_gpu.predictors.boltz2.identity import Pose, placed_ligand
from modal_gpu.predictors.boltz2.reader import Unreadable
from modal_gpu.predictors.folded.bonds import Atom
from shared.catalogue.boltz2_ligands import named
from tests.support.properties import examples
from tests.unit.boltz2.replay import ASPIRIN, IBUPROFEN, canonical

S_IBUPROFEN, R_IBUPROFEN = "CC(C)Cc1ccc(cc1)[C@H](C)C(=O)O", "CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O"
TRANS, CIS = r"C/C=C/c1ccccc1", r"C/C=C\c1ccccc1"


def atoms_of(smiles: str, *, called: str | None = None) -> list[Atom]:
    """The heavy atoms of a molecule in a sensible shape, named as those of ``called``."""
    molecule = Chem.AddHs(named(smiles))
    assert rdDistGeom.EmbedMolecule(molecule, randomSeed=7) == 0
    shape = Chem.RemoveHs(molecule)
    names = named(called or smiles)
    match = shape.GetSubstructMatch(names, useChirality=False)
    assert match
    positions = shape.GetConformer().GetPositions().tolist()
    return [
        Atom(atom.GetProp("name"), atom.GetSymbol().upper(), tuple(positions[match[atom.GetIdx()]]))
        for atom in names.GetAtoms()
    ]


def substitution(smiles: str, atoms: list[Atom], *, by_name: bool = True) -> str:
    """Why the atoms are not this ligand."""
    with pytest.raises(PredictionFailed) as caught:
        placed_ligand(smiles, atoms, by_name=by_name)
    assert str(caught.value).startswith("model_substituted_record: ")
    return str(caught.value)


@pytest.mark.parametrize("by_name", [True, False])
@pytest.mark.parametrize(
    "smiles", [ASPIRIN, S_IBUPROFEN, TRANS, CIS, "C[N+](C)(C)CCO", "OC[C@H]1O[C@@H](O)C[C@@H]1O"]
)
def test_the_ligand_that_was_asked_for_is_known_again_with_its_stereo(smiles: str, by_name: bool) -> None:
    pose = placed_ligand(smiles, atoms_of(smiles), by_name=by_name)
    assert pose.sound
    assert pose.seen_stereo == canonical(smiles)
    assert Chem.MolToSmiles(pose.molecule) == canonical(smiles)


@pytest.mark.parametrize("by_name", [True, False])
@pytest.mark.parametrize(
    ("asked", "given", "what"),
    [
        (S_IBUPROFEN, R_IBUPROFEN, "is R"),
        (R_IBUPROFEN, S_IBUPROFEN, "is S"),
        (TRANS, CIS, "is Z"),
        (CIS, TRANS, "is E"),
    ],
)
def test_the_other_stereoisomer_is_another_ligand(asked: str, given: str, what: str, by_name: bool) -> None:
    # The names are those that the asked one gets, as the program reads the input and folds it wrongly.
    assert what in substitution(asked, atoms_of(given, called=asked), by_name=by_name)


@pytest.mark.parametrize("given", [S_IBUPROFEN, R_IBUPROFEN])
def test_stereo_that_the_input_leaves_open_may_be_either_and_is_told(given: str) -> None:
    pose = placed_ligand(IBUPROFEN, atoms_of(given, called=IBUPROFEN), by_name=True)
    assert pose.seen_stereo == canonical(given)


META = "CC(=O)Oc1cccc(c1)C(=O)O"


def test_an_isomer_whose_atoms_are_called_alike_is_found_by_its_bonds() -> None:
    isomer, names = atoms_of(META), {atom.GetProp("name") for atom in named(ASPIRIN).GetAtoms()}
    assert {atom.name for atom in isomer} == names
    assert "bonds" in substitution(ASPIRIN, isomer)
    assert "bonds" in substitution(ASPIRIN, isomer, by_name=False)


def scattered(smiles: str) -> list[Atom]:
    """The atoms in no shape of any molecule, as random weights put them."""
    atoms = atoms_of(smiles)
    return [Atom(it.name, it.element, (9.0 * place, 0.0, 0.0)) for place, it in enumerate(atoms)]


def test_in_a_structure_that_failed_the_ligand_is_what_the_program_had_read() -> None:
    pose = placed_ligand(ASPIRIN, scattered(ASPIRIN), by_name=True, known=named(ASPIRIN))
    assert isinstance(pose, Pose)
    assert (pose.sound, pose.seen_stereo) == (False, None)
    assert "no molecule" in pose.remark
    with pytest.raises(PredictionFailed, match="not those of"):
        placed_ligand(ASPIRIN, scattered(ASPIRIN), by_name=True, known=named(META))


def test_where_nothing_tells_which_ligand_it_is_there_is_no_score() -> None:
    with pytest.raises(Unreadable, match="cannot be told"):
        placed_ligand(ASPIRIN, scattered(ASPIRIN), by_name=True)


def test_a_ligand_that_the_program_made_a_tautomer_of_is_known_again() -> None:
    asked, read = "Oc1ccccn1", "O=c1cccc[nH]1"
    pose = placed_ligand(asked, atoms_of(read), by_name=True, known=named(read))
    assert pose.sound
    assert Chem.MolToSmiles(pose.molecule) == canonical(asked)


@examples(25)
@given(order=st.permutations(range(13)))
def test_the_order_of_the_atoms_in_the_file_is_of_no_account(order: list[int]) -> None:
    atoms = atoms_of(ASPIRIN)
    pose = placed_ligand(ASPIRIN, [atoms[place] for place in order], by_name=True)
    usual = placed_ligand(ASPIRIN, atoms, by_name=True)
    assert Chem.MolToMolBlock(pose.molecule) == Chem.MolToMolBlock(usual.molecule)
