import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from shared.chemistry.smiles import LONGEST_SMILES, read_ligand

DRUGS = [
    "CC(=O)Oc1ccccc1C(=O)O",
    "C[C@H]([NH3+])C(=O)[O-]",
    "CN1CCC[C@H]1c1cccnc1",
    "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1",
    "O=C(O)/C=C/c1ccc(O)cc1",
    "CS(=O)(=O)Nc1ccc([N+](=O)[O-])cc1",
]


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("", "The SMILES is empty."),
        ("   ", "The SMILES is empty."),
        ("C1CC", "Not a valid SMILES: unclosed ring."),
        ("C(", "Not a valid SMILES: syntax error near character 2."),
        ("CC)", "Not a valid SMILES: extra close parentheses near character 3."),
        ("CC ethane", "The SMILES contains a blank; names and extensions after it are not accepted."),
        ("CC(C)(C)(C)C", "Atom 2 (C) has more bonds than its valence allows."),
        ("cccc", "Atom 1 is written as aromatic but is not in an aromatic ring."),
        ("*CC", "Atom 1 is a wildcard (*); every atom must be a definite element."),
        ("CC~O", "A bond written ~ is of no definite kind; every bond must be."),
        ("[H][H]", "The SMILES has no atom heavier than hydrogen."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(smiles: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as refusal:
        read_ligand(smiles)
    assert str(refusal.value) == reason


def test_an_aromatic_ring_that_cannot_alternate_is_refused_with_a_hint() -> None:
    with pytest.raises(ValueError, match=r"aromatic atoms 1, 2, 3, 4, 5; .*\[nH\]\?"):
        read_ligand("c1cccc1")


def test_a_smiles_longer_than_the_limit_is_refused() -> None:
    assert read_ligand("C" * LONGEST_SMILES).heavy_atoms == LONGEST_SMILES
    with pytest.raises(ValueError, match=f"at most {LONGEST_SMILES}"):
        read_ligand("C" * (LONGEST_SMILES + 1))


def test_a_refusal_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="Not a valid SMILES"):
        read_ligand("C1CC(")
    assert capfd.readouterr() == ("", "")


def test_a_salt_is_kept_whole_and_counted() -> None:
    ligand = read_ligand("C[NH3+].[Cl-]")

    assert (ligand.smiles, ligand.fragments, ligand.formal_charge) == ("C[NH3+].[Cl-]", 2, 0)
    assert "2 fragments; a salt or a mixture." in ligand.warnings


def test_charge_and_stereo_are_kept_as_given() -> None:
    ligand = read_ligand("[NH3+][C@@H](C)C(=O)[O-]")

    assert ligand.smiles == "C[C@H]([NH3+])C(=O)[O-]"
    assert (ligand.formal_charge, ligand.undefined_stereocentres, ligand.warnings) == (0, 0, ())


def test_open_stereo_is_counted_and_warned_about() -> None:
    ligand = read_ligand("CC(O)C=CC")

    assert ligand.undefined_stereocentres == 1
    assert ligand.warnings == (
        "1 stereocentre(s) without a configuration; the model picks one.",
        "1 double bond(s) without E or Z; the model picks one.",
    )


def test_atom_maps_and_written_out_hydrogens_do_not_make_another_ligand() -> None:
    assert read_ligand("[CH3:7][CH2:1]O").smiles == read_ligand("[H]OCC").smiles == "CCO"


def test_a_molecule_without_carbon_is_accepted_with_a_warning() -> None:
    assert read_ligand("OP(=O)(O)O").warnings == ("No carbon atom; models are made for organic ligands.",)


@given(smiles=st.sampled_from(DRUGS), seed=st.integers(1, 10_000))
def test_every_way_to_write_a_ligand_has_the_same_canonical_form(smiles: str, seed: int) -> None:
    written = Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(smiles), 1, randomSeed=seed)[0]

    assert read_ligand(written) == read_ligand(smiles)
    assert read_ligand(read_ligand(smiles).smiles) == read_ligand(smiles)


@given(text=st.text(max_size=60))
def test_any_text_is_either_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert read_ligand(text).heavy_atoms > 0
