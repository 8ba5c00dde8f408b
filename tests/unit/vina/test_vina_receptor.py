from pathlib import Path

import gemmi
import pytest

from modal_gpu.predictors.vina.receptor import prepare_receptor
from shared.chemistry.structure import read_structure

LYSOZYME = Path(__file__).parents[3] / "examples" / "t4l_l99a"


@pytest.fixture
def protein() -> gemmi.Structure:
    """The first 40 residues of T4 lysozyme, with hydrogens."""
    structure = read_structure((LYSOZYME / "receptor.pdb").read_bytes())
    del structure[0]["A"][40:]
    return structure


def delete_atoms(residue: gemmi.Residue, names: set[str]) -> None:
    for index in reversed(range(len(residue))):
        if residue[index].name in names:
            del residue[index]


def add_hetero(structure: gemmi.Structure, name: str, number: int) -> None:
    residue = gemmi.Residue()
    residue.name, residue.seqid, residue.het_flag = name, gemmi.SeqId(number, " "), "H"
    residue.entity_type = gemmi.EntityType.NonPolymer
    atom = gemmi.Atom()
    atom.name, atom.element, atom.pos = "O", gemmi.Element("O"), gemmi.Position(0, 0, 0)
    residue.add_atom(atom)
    structure[0]["A"].add_residue(residue)


def test_a_complete_protein_is_prepared_without_any_change(protein: gemmi.Structure) -> None:
    receptor = prepare_receptor(protein)

    assert receptor.changes == ()
    assert len(receptor.structure[0]["A"]) == 40
    assert receptor.pdbqt.startswith("ATOM")


def test_the_hydrogens_of_the_input_decide_the_protonation(protein: gemmi.Structure) -> None:
    assert prepare_receptor(protein).protonation.endswith("as in the input; histidines: A:31 HIP")

    protein.remove_hydrogens()

    assert prepare_receptor(protein).protonation.endswith("added by template; histidines: A:31 HIE")


def test_waters_and_ligands_are_removed_and_counted(protein: gemmi.Structure) -> None:
    for number, name in enumerate(["HOH", "HOH", "BNZ", "ZN"], start=201):
        add_hetero(protein, name, number)

    assert prepare_receptor(protein).changes == (
        "1 BNZ removed from chain A",
        "2 HOH removed from chain A",
        "1 ZN removed from chain A",
    )


def test_an_amino_acid_that_is_a_ligand_is_removed_too(protein: gemmi.Structure) -> None:
    add_hetero(protein, "GLU", 201)

    assert prepare_receptor(protein).changes == ("1 GLU removed from chain A",)


def test_incomplete_residues_are_cut_back_or_left_out_and_named(protein: gemmi.Structure) -> None:
    chain = protein[0]["A"]
    delete_atoms(chain["6"]["MET"], {"SD", "CE"})
    delete_atoms(chain["11"]["GLU"], {"CB", "CG"})
    delete_atoms(chain["15"]["LEU"], {"C"})
    receptor = prepare_receptor(protein)

    assert receptor.changes == (
        "MET A:6 cut back to ALA: side-chain atoms missing",
        "GLU A:11 cut back to GLY: side-chain atoms missing",
        "LEU A:15 left out: backbone atoms missing",
    )
    assert len(receptor.structure[0]["A"]) == 39


def test_selenomethionine_is_treated_as_methionine(protein: gemmi.Structure) -> None:
    protein.remove_hydrogens()
    plain = prepare_receptor(protein)
    residue = protein[0]["A"]["6"]["MET"]
    residue.name, residue.het_flag = "MSE", "H"
    residue["SD"][0].element = gemmi.Element("Se")
    residue["SD"][0].name = "SE"
    selenium = prepare_receptor(protein)

    assert selenium.changes == ("MSE A:6 treated as MET",)
    assert selenium.pdbqt == plain.pdbqt


def test_a_modified_residue_is_cut_back_to_alanine(protein: gemmi.Structure) -> None:
    protein[0]["A"]["8"]["ARG"].name = "CSO"

    assert "CSO A:8 cut back to ALA: modified residue" in prepare_receptor(protein).changes


def test_odd_hydrogens_are_replaced_where_no_template_fits_them(protein: gemmi.Structure) -> None:
    residue = protein[0]["A"]["10"]["ASP"]
    extra = residue["CB"][0].clone()
    extra.name, extra.element = "HX", gemmi.Element("H")
    extra.pos = gemmi.Position(extra.pos.x + 0.6, extra.pos.y + 0.6, extra.pos.z)
    residue.add_atom(extra)
    receptor = prepare_receptor(protein)

    assert receptor.changes[0] == "ASP A:10 lost its hydrogens and non-standard atoms: no template fits it"
    assert receptor.structure[0]["A"]["10"]["ASP"].find_atom("OD2", "*") is not None


def test_only_the_first_of_alternative_conformations_is_kept(protein: gemmi.Structure) -> None:
    residue = protein[0]["A"]["13"]["LEU"]
    second = residue["CD1"][0].clone()
    residue["CD1"][0].altloc, second.altloc = "A", "B"
    residue.add_atom(second)

    assert prepare_receptor(protein).changes == ("1 atoms of second conformations removed",)


def test_a_long_chain_name_is_kept_in_the_report(protein: gemmi.Structure) -> None:
    protein[0]["A"].name = "heavy"
    delete_atoms(protein[0]["heavy"]["6"]["MET"], {"SD"})
    receptor = prepare_receptor(protein)

    assert receptor.changes == ("MET heavy:6 cut back to ALA: side-chain atoms missing",)
    assert receptor.protonation.endswith("heavy:31 HIP")


def test_a_protein_without_a_complete_residue_is_refused(protein: gemmi.Structure) -> None:
    for residue in protein[0]["A"]:
        delete_atoms(residue, {"CA"})

    with pytest.raises(ValueError, match="no complete amino acid"):
        prepare_receptor(protein)
