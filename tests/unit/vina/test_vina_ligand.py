import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from modal_gpu.predictors.vina.dock import Run, ScoredPose
from modal_gpu.predictors.vina.ligand import prepare_ligand
from modal_gpu.predictors.vina.pose import NotTheLigand, atom_names, check_identity, molecules, rmsd

DRUGS = {
    "imatinib": "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1",
    "nicotine": "CN1CCC[C@H]1c1cccnc1",
    "penicillin G": "CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O",
    "testosterone": "C[C@]12CC[C@H]3[C@@H](CCC4=CC(=O)CC[C@@]43C)[C@@H]1CC[C@@H]2O",
    "tamoxifen": "CC/C(=C(\\c1ccccc1)c1ccc(OCCN(C)C)cc1)c1ccccc1",
    "esomeprazole": "COc1ccc2[nH]c([S@@](=O)Cc3ncc(C)c(OC)c3C)nc2c1",
    "glucose": "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O",
    "ATP": "Nc1ncnc2c1ncn2[C@@H]1O[C@H](COP(=O)([O-])OP(=O)([O-])OP(=O)([O-])[O-])[C@@H](O)[C@H]1O",
    "oxime": "C/C(=N\\O)c1ccc(Cl)cc1",
    "nitro azide": "[N-]=[N+]=Nc1ccc([N+](=O)[O-])cc1",
    "macrocycle": "O=C1CCCCCCCCCCCCO1",
    "deuterated": "[2H]C([2H])([2H])Oc1ccccc1",
    "open stereo": "CC(O)C(N)c1ccccc1",
}


def as_run(pdbqt: str) -> Run:
    return Run(seed=1, poses=(ScoredPose(0.0, 0.0, 0.0),), pdbqt=f"MODEL 1\n{pdbqt}ENDMDL\n")


@pytest.mark.parametrize("smiles", DRUGS.values(), ids=DRUGS.keys())
def test_a_ligand_survives_the_way_into_pdbqt_and_back(smiles: str) -> None:
    prepared = prepare_ligand(smiles, seed=5)
    (pose,) = molecules(as_run(prepared.pdbqt), prepared.reference)

    assert pose.GetNumHeavyAtoms() == prepared.heavy_atoms
    assert Chem.GetFormalCharge(pose) == Chem.GetFormalCharge(Chem.MolFromSmiles(smiles))


@pytest.mark.parametrize(
    ("asked", "docked"),
    [
        ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"),
        ("C/C=C/c1ccccc1", "C/C=C\\c1ccccc1"),
        ("CCO", "CCN"),
        ("CC(=O)O", "CC(=O)[O-]"),
        ("CC(C)O", "CCCO"),
    ],
)
def test_another_molecule_than_the_one_asked_for_is_noticed(asked: str, docked: str) -> None:
    prepared = prepare_ligand(docked, seed=5)

    with pytest.raises(NotTheLigand):
        molecules(as_run(prepared.pdbqt), Chem.MolFromSmiles(asked))


def test_an_open_stereocentre_may_end_either_way() -> None:
    for docked in ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"):
        (pose,) = molecules(as_run(prepare_ligand(docked, seed=5).pdbqt), Chem.MolFromSmiles(docked))
        check_identity(pose, Chem.MolFromSmiles("CC(N)C(=O)O"))


@given(seed=st.integers(1, 2**31 - 1))
def test_any_seed_prepares_a_ligand_and_the_same_seed_the_same(seed: int) -> None:
    assert prepare_ligand("CCCO", seed=seed).pdbqt == prepare_ligand("CCCO", seed=seed).pdbqt


def test_turning_a_benzene_by_its_own_symmetry_is_no_distance() -> None:
    prepared = prepare_ligand("c1ccccc1", seed=5)
    (pose,) = molecules(as_run(prepared.pdbqt), prepared.reference)
    turned = Chem.RenumberAtoms(Chem.RemoveHs(pose), [1, 2, 3, 4, 5, 0])

    assert rmsd(pose, pose) == rmsd(Chem.RemoveHs(pose), turned) == pytest.approx(0, abs=1e-6)


@given(smiles=st.sampled_from(sorted(DRUGS.values())))
def test_every_atom_of_a_ligand_has_its_own_name_of_at_most_four_letters(smiles: str) -> None:
    names = atom_names(Chem.AddHs(Chem.MolFromSmiles(smiles)))

    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 4
