"""The protonation state and the tautomer that are docked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from modal_gpu.predictors.vina.ligand import prepare_ligand
from modal_gpu.predictors.vina.pose import NotTheLigand, check_identity
from modal_gpu.predictors.vina.state import Choice, choose, skeleton
from tests.support.properties import examples

AT_7_4 = Choice(ph=7.4)
CANONICAL = Choice(canonical_tautomer=True)

LIGANDS = (
    *(
        "OC(=O)c1ccccc1",
        "NCc1ccccc1",
        "C[C@H](N)C(=O)O",
        "C[C@H]([NH3+])C(=O)[O-]",
        "Oc1ccccn1",
        "c1c[nH]cn1",
    ),
    *("CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O", "C/C=C/CN", "[2H]C([2H])([2H])Oc1ccccc1"),
    *("C[N+](C)(C)C", "[N-]=[N+]=Nc1ccccc1", "COP(=O)(O)O", "NC(=N)NCc1ccccc1", "CCS", "c1nnn[nH]1"),
    *("N#Cc1cc(F)cc(Oc2ccc(S(N)(=O)=O)c3c2[C@@H](F)C(F)(F)[C@H]3O)c1", "COc1ccc2[nH]c(SCc3ncccc3)nc2c1"),
)


def molecule(smiles: str) -> Chem.Mol:
    return Chem.MolFromSmiles(smiles)


def canonical(smiles: str) -> str:
    return str(Chem.MolToSmiles(molecule(smiles)))


@pytest.mark.parametrize(
    ("smiles", "ph", "expected", "charge"),
    [
        ("OC(=O)c1ccccc1", 7.4, "O=C([O-])c1ccccc1", -1),
        ("OC(=O)c1ccccc1", 2.0, "O=C(O)c1ccccc1", 0),
        ("[O-]C(=O)c1ccccc1", 2.0, "O=C(O)c1ccccc1", 0),
        ("NCc1ccccc1", 7.4, "[NH3+]Cc1ccccc1", 1),
        ("NCc1ccccc1", 12.0, "NCc1ccccc1", 0),
        ("C[C@H](N)C(=O)O", 7.4, "C[C@H]([NH3+])C(=O)[O-]", 0),
        ("CN1CCC[C@H]1c1cccnc1", 7.4, "C[NH+]1CCC[C@H]1c1cccnc1", 1),
        ("Cc1ccccc1", 7.4, "Cc1ccccc1", 0),
        ("C[N+](C)(C)C", 7.4, "C[N+](C)(C)C", 1),
    ],
)
def test_the_dominant_state_at_a_ph_is_docked(smiles: str, ph: float, expected: str, charge: int) -> None:
    state = choose(molecule(smiles), Choice(ph=ph))

    assert Chem.MolToSmiles(state.molecule) == canonical(expected)
    assert state.formal_charge == charge
    assert f"dominant at pH {ph:g}, site by site, by Dimorphite-DL 2.1.0" in state.protonation
    assert state.protonation.endswith(f"(formal charge {charge:+d})")


@pytest.mark.parametrize(("smiles", "charge"), [("C1CNCCN1", 2), ("O=c1cccc[nH]1", -1)])
def test_known_to_be_wrong_piperazine_takes_two_protons_and_pyridone_loses_one(
    smiles: str, charge: int
) -> None:
    """In water piperazine has one charge at this pH and pyridone none. It stands here to be seen."""
    assert choose(molecule(smiles), AT_7_4).formal_charge == charge


def test_two_drawings_of_a_ligand_have_one_canonical_tautomer() -> None:
    states = [choose(molecule(smiles), CANONICAL) for smiles in ("Oc1ccccn1", "O=c1cccc[nH]1")]

    assert [Chem.MolToSmiles(state.molecule) for state in states] == ["O=c1cccc[nH]1"] * 2
    assert [state.tautomer.partition(", ")[2] for state in states] == ["not the one given", "as given"]


def test_the_tautomer_is_chosen_first_so_that_two_drawings_are_protonated_alike() -> None:
    both = Choice(ph=7.4, canonical_tautomer=True)
    states = [choose(molecule(smiles), both) for smiles in ("CC(=O)C=C(C)O", "CC(=O)CC(C)=O")]

    assert len({Chem.MolToSmiles(state.molecule) for state in states}) == 1


@pytest.mark.parametrize(
    "smiles", ["C[C@H](N)C(=O)O", "C/C=C/CN", "CC1(C)S[C@@H]2[C@H](N)C(=O)N2[C@H]1C(=O)O"]
)
def test_stereo_outlives_the_choice(smiles: str) -> None:
    for choice in (AT_7_4, CANONICAL):
        state = choose(molecule(smiles), choice).molecule
        assert "@" in Chem.MolToSmiles(state) or "/" in Chem.MolToSmiles(state)
        neutral = Chem.MolToSmiles(state).replace("[NH3+]", "N").replace("[O-]", "O")
        assert canonical(neutral) == canonical(smiles)


def test_a_tautomer_that_would_cost_a_configuration_is_refused() -> None:
    with pytest.raises(ValueError, match="give up a stereo configuration"):
        choose(molecule("C[C@H]1C=C(F)C=CC1=O"), CANONICAL)


@given(smiles=st.sampled_from(LIGANDS), ph=st.floats(0, 14), tautomer=st.booleans())
@examples(100)
def test_a_state_differs_from_the_ligand_by_protons_alone_and_is_the_same_again(
    smiles: str, ph: float, tautomer: bool
) -> None:
    given_, choice = molecule(smiles), Choice(ph=ph, canonical_tautomer=tautomer)
    state, again = choose(given_, choice), choose(given_, choice)

    assert skeleton(state.molecule) == skeleton(given_)
    gained = _hydrogens(state.molecule) - _hydrogens(given_)
    assert gained == state.formal_charge - Chem.GetFormalCharge(given_)
    assert Chem.MolToSmiles(state.molecule) == Chem.MolToSmiles(again.molecule)


def test_the_pose_is_held_against_the_chosen_state_and_not_against_the_input() -> None:
    prepared = prepare_ligand("OC(=O)c1ccccc1", seed=5, choice=AT_7_4)

    check_identity(Chem.AddHs(molecule("[O-]C(=O)c1ccccc1")), prepared.reference)
    with pytest.raises(NotTheLigand):
        check_identity(Chem.AddHs(molecule("OC(=O)c1ccccc1")), prepared.reference)


def _hydrogens(ligand: Chem.Mol) -> int:
    return sum(atom.GetTotalNumHs() for atom in ligand.GetAtoms())
