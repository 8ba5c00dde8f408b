from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chemistry.structure import protein_sequence, read_structure, select_residue

LYSOZYME = Path(__file__).parents[3] / "examples" / "t4l_l99a"
ATOM = "ATOM  {n:5d}  {name:<3} {res} {chain}{num:4d}{code}   {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00{el:>12}\n"


def residue(res: str = "ALA", chain: str = "A", num: int = 1, code: str = " ", x: float = 0.0) -> str:
    atoms = [("N", "N"), ("CA", "C"), ("C", "C"), ("O", "O"), ("CB", "C")]
    return "".join(
        ATOM.format(
            n=i, name=name, res=res, chain=chain, num=num, code=code, x=x + i, y=0.5 * i, z=0.25 * i, el=el
        )
        for i, (name, el) in enumerate(atoms, start=1)
    )


def test_pdb_and_mmcif_of_one_protein_are_read_alike() -> None:
    pdb, cif = (read_structure((LYSOZYME / f"receptor.{kind}").read_bytes()) for kind in ("pdb", "cif"))

    assert protein_sequence(pdb) == protein_sequence(cif)
    assert protein_sequence(pdb)["A"].startswith("MNIFEMLRIDEG")
    assert len(protein_sequence(pdb)["A"]) == 162


def test_only_the_first_model_counts() -> None:
    text = "MODEL        1\n" + residue() + "ENDMDL\nMODEL        2\n" + residue(chain="B") + "ENDMDL\n"

    assert protein_sequence(read_structure(text)) == {"A": "A"}


def test_a_chain_named_again_for_its_ligands_is_one_chain() -> None:
    text = (
        residue()
        + "TER\n"
        + residue(chain="B")
        + "TER\n"
        + residue("ATP", "A", 500).replace("ATOM  ", "HETATM")
    )

    assert protein_sequence(read_structure(text)) == {"A": "A", "B": "A"}


def test_a_modified_residue_has_its_parents_letter() -> None:
    text = residue(num=1) + residue("MSE", num=2, x=3.8) + residue("GLY", num=3, x=7.6)

    assert protein_sequence(read_structure(text)) == {"A": "AMG"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "neither PDB nor mmCIF"),
        (b"\x1f\x8b\x08\xff\xfe", "not a text file"),
        (b"<html>Not found</html>", "neither PDB nor mmCIF"),
        (b"ATOM      1  CA  ALA A   1       xx.xxx   0.000   0.000\n", r"line 1 has no coordinates"),
        (b"data_x\nloop_\n_atom_site.id\n_atom_site.type_symbol\n1\n", "cannot be read"),
        (residue("HOH").replace("ATOM  ", "HETATM").encode(), "no protein residues"),
    ],
)
def test_what_is_no_protein_structure_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_structure(content)


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: ("ATOM  " + text).encode()))
def test_garbage_is_always_refused_as_such(content: bytes) -> None:
    with pytest.raises(ValueError, match="structure"):
        read_structure(content)


@pytest.mark.parametrize("label", ["A:52B", "A52B", "a:52b".upper(), " A:52B "])
def test_a_residue_is_found_by_chain_number_and_insertion_code(label: str) -> None:
    structure = read_structure(residue("SER", num=52) + residue("GLY", num=52, code="B", x=3.8))

    assert select_residue(structure, label)[0].pos.x == 4.8


def test_a_missing_residue_is_named_together_with_what_there_is() -> None:
    structure = read_structure(residue(num=5) + residue(num=9, x=3.8) + "TER\n" + residue(chain="B", x=20.0))

    with pytest.raises(ValueError, match=r"Residue C:5: there is no chain C; the chains are A, B\."):
        select_residue(structure, "C:5")
    with pytest.raises(ValueError, match=r"chain A has no residue 7; its residues are numbered 5 to 9\."):
        select_residue(structure, "A:7")
    with pytest.raises(ValueError, match="does not name a residue"):
        select_residue(structure, "the pocket")
