"""The text of a molecule tells no fewer rings than it has, so that nothing slow is taken for quick."""

from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem, RDLogger

from shared.chemistry.ctab import rings_drawn
from shared.chemistry.effort import MOST_RINGS, demanding, demanding_drawing, rings
from tests.support.cages import HANGS, molfile
from tests.support.properties import examples

RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined]


@st.composite
def graphs(draw: st.DrawFn) -> Chem.RWMol:
    """Atoms with any bonds, in one part or in many."""
    molecule, atoms = Chem.RWMol(), draw(st.integers(2, 12))
    for symbol in draw(st.lists(st.sampled_from(["C", "N", "U", "Xe"]), min_size=atoms, max_size=atoms)):
        molecule.AddAtom(Chem.Atom(symbol))
    ends = st.tuples(st.integers(0, atoms - 1), st.integers(0, atoms - 1)).filter(lambda it: it[0] < it[1])
    for one, other in draw(st.lists(ends, unique=True, max_size=30)):
        molecule.AddBond(one, other, Chem.BondType.SINGLE)
    molecule.UpdatePropertyCache(strict=False)
    return molecule


def independent(molecule: Chem.Mol) -> int:
    """How many rings a graph has."""
    return molecule.GetNumBonds() - molecule.GetNumAtoms() + len(Chem.GetMolFrags(molecule))


@examples(200)
@given(graphs())
def test_a_molfile_tells_its_rings(molecule: Chem.RWMol) -> None:
    assert rings_drawn(Chem.MolToMolBlock(molecule, kekulize=False)) == independent(molecule)


@examples(200)
@given(graphs(), st.integers(0, 2**20))
def test_a_smiles_tells_its_rings_however_it_is_written(molecule: Chem.RWMol, seed: int) -> None:
    for text in Chem.MolToRandomSmilesVect(molecule, 2, randomSeed=seed):
        assert rings(text) == independent(molecule)


@examples(300)
@given(st.text(alphabet="CNc[]()=#%0123456789.-+@H/\\", max_size=60))
def test_no_text_has_more_rings_than_it_tells(text: str) -> None:
    molecule = Chem.MolFromSmiles(text, sanitize=False)
    if molecule is not None:
        assert independent(molecule) <= rings(text)
        assert demanding(text) == (rings(text) > MOST_RINGS)


@examples(200)
@given(st.text(max_size=400))
def test_a_record_that_is_no_molfile_is_watched(text: str) -> None:
    assert demanding_drawing(f"\n\n\n{text}")


def test_only_a_plain_record_of_few_rings_is_not_watched() -> None:
    assert not demanding_drawing(molfile(6, (1,)))
    assert demanding_drawing(molfile(6, (1,), version="V3000"))
    assert demanding_drawing(molfile(60, (1, 29)))


def test_ordinary_molecules_are_not_watched_and_cages_are() -> None:
    strychnine = "O=C1C[C@@H]2OCC=C3CN4CC[C@]56[C@@H]4C[C@H]3[C@H]2[C@H]5N1c1ccccc61"
    assert rings(strychnine) == 7 < MOST_RINGS
    assert not demanding(strychnine)
    assert all(map(demanding, HANGS.values()))
