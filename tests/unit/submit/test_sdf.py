"""Reading SDF files: every record is told, a broken one stops nobody."""

import io
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import rdDepictor, rdDistGeom

from services.submit.entries import Entry
from services.submit.sdf import LONGEST_RECORD, from_sdf
from shared.models.batch import RejectedRow
from tests.support.properties import examples
from tests.support.rows import check

BROKEN = "broken\n  made up\n\nthis is no counts line\n"


def read(text: str) -> list[Entry]:
    """Its rows."""
    return list(from_sdf(io.StringIO(text)))


def record(
    smiles: str, name: str = "", properties: Mapping[str, str] | None = None, *, three: bool = False
) -> str:
    """A record as RDKit writes it, with flat or spatial coordinates."""
    molecule = Chem.AddHs(Chem.MolFromSmiles(smiles)) if three else Chem.MolFromSmiles(smiles)
    if three:
        assert rdDistGeom.EmbedMolecule(molecule, randomSeed=7) == 0
    else:
        rdDepictor.Compute2DCoords(molecule)
    molecule.SetProp("_Name", name)
    for key, value in (properties or {}).items():
        molecule.SetProp(key, value)
    out = io.StringIO()
    with Chem.SDWriter(out) as writer:
        writer.write(molecule)
    return out.getvalue()


def test_names_and_properties_are_kept() -> None:
    [entry] = read(record("CCO", "ethanol", {"IC50": "3.5 nM", "Series": "A"}))
    assert (entry.line, entry.name, entry.smiles, entry.problem) == (1, "ethanol", "CCO", None)
    assert entry.data == {"IC50": "3.5 nM", "Series": "A"}


def test_without_a_title_a_property_that_is_called_so_is_the_name() -> None:
    [entry] = read(record("CCO", "", {"Compound ID": "X-7"}))
    assert entry.name == "X-7"


def test_stereo_is_read_from_wedges_and_from_coordinates() -> None:
    for smiles in ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "C/C=C/O", "C/C=C\\O"):
        for three in (False, True):
            [entry] = read(record(smiles, three=three))
            assert entry.smiles == Chem.MolToSmiles(Chem.MolFromSmiles(smiles)), (smiles, three)


def test_a_record_that_gives_no_stereo_gets_none() -> None:
    [entry] = read(record("CC(N)C(=O)O"))
    assert "@" not in (entry.smiles or "@")


def test_hydrogens_and_charges_are_as_given() -> None:
    [entry] = read(record("C[NH3+]", three=True))
    assert entry.smiles == "C[NH3+]"


def test_a_broken_record_is_told_with_its_line_and_the_next_is_read() -> None:
    first = record("CCO", "one")
    entries = read(f"{first}{BROKEN}$$$$\n{record('CCN', 'three')}")
    assert [entry.smiles for entry in entries] == ["CCO", None, "CCN"]
    assert entries[1].line == len(first.splitlines()) + 1
    assert entries[1].problem is not None
    assert entries[1].problem.startswith("the record cannot be read")
    assert entries[1].text.startswith("broken made up")
    assert entries[2].line == entries[1].line + 5


def test_an_impossible_atom_is_a_problem_of_its_record() -> None:
    five = record("CC(C)(C)C", "x").replace("  1  2  1  0", "  1  2  3  0", 1)
    [entry] = read(five)
    assert entry.problem is not None
    assert "valence" in entry.problem


def test_a_record_without_atoms_or_without_end_or_too_long() -> None:
    empty = "nothing\n\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n$$$$\n"
    assert [entry.problem for entry in read(empty)] == ["the record has no atom"]
    assert [entry.smiles for entry in read(record("CCO").replace("$$$$\n", ""))] == ["CCO"]
    long = record("CCO").replace("$$$$", f"> <note>\n{'x' * LONGEST_RECORD}\n\n$$$$")
    [entry, after] = read(long + record("CCN"))
    assert entry.problem is not None
    assert "1,048,576 characters" in entry.problem
    assert after.smiles == "CCN"


def test_two_molecules_without_an_end_between_them_are_not_read_as_one() -> None:
    one = record("CCO", "one")
    [bad, good] = read(one.replace("$$$$\n", "") + record("CCN", "two") + record("C", "three"))
    assert bad.problem == "holds 2 molecules; a $$$$ line is missing between them"
    assert good.name == "three"


def test_the_reason_is_said_in_one_line_that_names_the_line_of_the_file() -> None:
    first = record("CCO", "one")
    height = first.count("\n")
    [_, element, counts] = read(f"{first}{first.replace(' O ', ' Xx')}{BROKEN}$$$$\n")
    assert element.problem is not None
    assert "'Xx' not found" in element.problem
    assert counts.problem is not None
    assert f"on line {2 * height + 4}" in counts.problem


def test_a_bond_of_no_definite_kind_is_refused_with_the_ligand() -> None:
    any_bond = record("CCO").replace("  2  3  1  0", "  2  3  8  0")
    [entry] = read(any_bond)
    row = check(entry, index=0, position=0)
    assert isinstance(row, RejectedRow)
    assert "no definite kind" in row.reason


def test_lines_that_end_as_on_windows_are_read() -> None:
    [entry] = read(record("CCO", "ethanol", {"IC50": "3"}).replace("\n", "\r\n"))
    assert (entry.name, entry.smiles, entry.data) == ("ethanol", "CCO", {"IC50": "3"})


def test_bytes_that_are_no_text_are_a_problem_of_their_record() -> None:
    [bad, good] = read(record("CCO", "cafe").replace("cafe", "caf\udce9") + record("CCN", "amine"))
    assert (bad.problem, good.problem) == ("is not UTF-8 text", None)


@examples(100)
@given(st.lists(st.sampled_from(["CCO", "c1ccccc1", "CC(=O)[O-]", ""]), max_size=6))
def test_every_record_counts_exactly_once(library: list[str]) -> None:
    text = "".join(record(smiles) if smiles else f"{BROKEN}$$$$\n" for smiles in library)
    assert [entry.smiles for entry in read(text)] == [smiles or None for smiles in library]


def test_what_is_blank_is_no_record() -> None:
    ethanol = record("CCO")
    for blank in ("$$$$\n", "\n  \n$$$$\n", "\n$$$$\n$$$$\n"):
        assert [entry.smiles for entry in read(f"{ethanol}{blank}{ethanol}{blank}\n \n")] == ["CCO", "CCO"]


def test_a_label_that_comes_twice_is_kept_twice_and_values_may_have_lines() -> None:
    [entry] = read(record("C", "x", {"a": "1"}).replace("$$$$", "> <a> (7)\n2\n3\n\n> <b>\n\n$$$$"))
    assert entry.data == {"a": "1", "a_2": "2\n3", "b": ""}


ALANINE = record("C[C@H](N)C(=O)O", "alanine", {"a": "1"}, three=True)


@examples(200)
@given(st.integers(0, len(ALANINE) - 6), st.characters(codec="utf-8"), st.integers(0, 40))
def test_a_record_with_any_fault_is_read_or_told_and_the_next_is_read(at: int, put: str, cut: int) -> None:
    entries = read(
        ALANINE[:at] + put + ALANINE[at + min(cut, len(ALANINE) - 6 - at) :] + record("CCO", "last")
    )
    assert entries[-1].name == "last"
    assert all(entry.problem or entry.smiles for entry in entries)
    assert all(len(entry.text) <= 500 and "\n" not in entry.text for entry in entries)
