"""The target as the programs get it: one clean chain, every hotspot there, nothing lost without a word."""

import json
from collections.abc import Callable

import gemmi
import pytest

from shared.catalogue.preparing import Prepared
from shared.chemistry.structure import read_structure
from shared.errors import InvalidInput
from tests.support.rfantibody import LENGTH, LYSOZYME, framework
from tests.unit.rfantibody.conftest import prepared

Change = Callable[[gemmi.Structure], None]


def changed(change: Change) -> bytes:
    """T4 lysozyme with something about it changed."""
    structure = gemmi.read_pdb_string(LYSOZYME.decode())
    change(structure)
    return structure.make_pdb_string().encode()


def refusal(structure: bytes, **parameters: object) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        prepared(structure, **parameters)
    return caught.value


def lines(settled: Prepared) -> list[str]:
    return settled.inputs["target.pdb"].decode().splitlines()


def test_the_target_is_atoms_of_standard_residues_in_one_chain_and_nothing_else() -> None:
    settled = prepared()
    assert [line for line in lines(settled) if not line.startswith("ATOM  ")] == ["TER", "END"]
    assert {line[21] for line in lines(settled)[:-2]} == {"T"}
    assert "target" not in settled.notes
    assert len(json.loads(settled.inputs["target_map.json"])["residues"]) == LENGTH


def test_an_order_stays_small_as_what_is_long_travels_as_a_file() -> None:
    settled = prepared(framework="given", framework_file=framework("H"))
    assert set(settled.inputs) == {"target.pdb", "target_map.json", "framework.pdb"}
    assert len(settled.parameters.model_dump_json()) < 1000


def test_mmcif_gives_the_same_target_as_pdb() -> None:
    cif = gemmi.read_pdb_string(LYSOZYME.decode()).make_mmcif_document().as_string().encode()
    assert [line[:54] for line in lines(prepared(cif))] == [line[:54] for line in lines(prepared())]


def test_other_chains_waters_models_and_second_conformations_are_left_out_and_named() -> None:
    def crowd(structure: gemmi.Structure) -> None:
        other = structure[0][0].clone()
        other.name = "B"
        structure[0].add_chain(other)
        water = gemmi.Residue()
        water.name, water.seqid, water.het_flag = "HOH", gemmi.SeqId(900, " "), "H"
        atom = gemmi.Atom()
        atom.name, atom.element = "O", gemmi.Element("O")
        water.add_atom(atom)
        structure[0]["A"].add_residue(water)
        second = structure[0]["A"][4].find_atom("CA", "*").clone()
        second.altloc, second.pos = "B", gemmi.Position(99, 99, 99)
        structure[0]["A"][4].find_atom("CA", "*").altloc = "A"
        structure[0]["A"][4].add_atom(second)

    settled = prepared(changed(crowd))
    assert "the other chains are left out: B" in settled.notes["target"]
    assert "left out: HOH" in settled.notes["target"]
    assert [line[:54] for line in lines(settled)] == [line[:54] for line in lines(prepared())]


def test_selenomethionine_becomes_methionine_and_that_is_said() -> None:
    def replace(structure: gemmi.Structure) -> None:
        for residue in structure[0][0]:
            if residue.name == "MET":
                residue.name, residue.het_flag = "MSE", "H"
                residue.find_atom("SD", "*").name = "SE"
                residue.find_atom("SE", "*").element = gemmi.Element("Se")

    settled = prepared(changed(replace))
    assert "selenomethionine is taken as methionine: 1, " in settled.notes["target"]
    assert [line[:54] for line in lines(settled)] == [line[:54] for line in lines(prepared())]


def test_an_amino_acid_that_the_programs_do_not_know_is_refused_and_not_dropped() -> None:
    def modify(structure: gemmi.Structure) -> None:
        structure[0][0][43].name = "SEP"

    error = refusal(changed(modify))
    assert "residue A:44 is SEP" in str(error)
    assert error.errors[0].path == "protein_structure"


def test_missing_atoms_of_the_backbone_are_refused_by_name() -> None:
    def cut(structure: gemmi.Structure) -> None:
        structure[0][0][9].remove_atom("CA", "\0", gemmi.Element("C"))
        structure[0][0][10].remove_atom("O", "\0", gemmi.Element("O"))

    assert "A:10 CA, A:11 O" in str(refusal(changed(cut)))


def test_a_broken_chain_is_designed_on_with_a_warning_and_keeps_its_gap_in_the_numbers() -> None:
    def cut(structure: gemmi.Structure) -> None:
        for _ in range(5):
            del structure[0][0][50]

    settled = prepared(changed(cut))
    assert "the chain is broken at 50-56" in settled.notes["target"]
    assert "numbering" not in settled.notes
    numbers = json.loads(settled.inputs["target_map.json"])["residues"]
    assert (numbers[49]["number"], numbers[50]["number"]) == (50, 56)


def test_every_hotspot_that_is_not_there_is_named_with_what_is() -> None:
    error = refusal(LYSOZYME, hotspots="A:20, A:500, A:20A, A:-3")
    assert error.errors[0].path == "parameters.hotspots"
    assert error.errors[0].message == (
        "not on the target: A:500, A:20A, A:-3; chain A has 162 residues, 1 to 162"
    )


def test_numbers_below_one_and_repeated_ones_get_new_ones_or_a_refusal() -> None:
    def shift(structure: gemmi.Structure) -> None:
        for residue in structure[0][0]:
            residue.seqid = gemmi.SeqId((residue.seqid.num or 0) - 5, " ")

    settled = prepared(changed(shift), hotspots="A:-4,A:3")
    assert "the first -4 as 1" in settled.notes["numbering"]

    def repeat(structure: gemmi.Structure) -> None:
        for residue in list(structure[0][0])[100:]:
            residue.seqid = gemmi.SeqId((residue.seqid.num or 0) - 50, " ")

    assert "more than one residue 51" in str(refusal(changed(repeat)))


@pytest.mark.parametrize(
    ("chain", "said"), [("B", "no chain B; its chains are A"), ("W", "no protein residues")]
)
def test_a_chain_without_protein_is_refused(chain: str, said: str) -> None:
    def add_water(structure: gemmi.Structure) -> None:
        structure[0].add_chain(gemmi.Chain("W"))
        water = gemmi.Residue()
        water.name, water.seqid, water.het_flag = "HOH", gemmi.SeqId(1, " "), "H"
        atom = gemmi.Atom()
        atom.name, atom.element = "O", gemmi.Element("O")
        water.add_atom(atom)
        structure[0]["W"].add_residue(water)

    given = LYSOZYME if chain == "B" else changed(add_water)
    assert said in str(refusal(given, target_chain=chain, hotspots=[f"{chain}:1"]))


def test_a_target_that_is_too_large_is_refused_with_the_reason() -> None:
    def grow(structure: gemmi.Structure) -> None:
        residues = [residue.clone() for residue in structure[0][0]]
        for copy in range(1, 5):
            for residue in residues:
                again = residue.clone()
                again.seqid = gemmi.SeqId((residue.seqid.num or 0) + 200 * copy, " ")
                structure[0][0].add_residue(again)

    message = str(refusal(changed(grow)))
    assert "810 residues, 600 are accepted" in message
    assert "square of the size" in message


def test_a_target_of_a_few_residues_is_refused() -> None:
    def shrink(structure: gemmi.Structure) -> None:
        del structure[0][0][12:]

    assert "at least 20" in str(refusal(changed(shrink), hotspots="A:3"))


def test_a_text_that_is_no_structure_is_refused() -> None:
    assert "neither PDB nor mmCIF" in str(refusal(b"hello"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "needs the file"),
        (framework("LH"), "H, or H and then L"),
        (framework("A", loops=False), "found: A"),
        (framework("H", loops=False), "no residue is labelled as H1, H2, H3"),
        (framework("H").replace("LABEL:   11 H1", "LABEL:  911 H1"), "residue 911 of 40"),
        (framework("H").replace("LABEL:   11 H1", "LABEL:   11 X1"), "no label of a loop"),
        (framework("H").replace(" CA  ALA H   7", " CB  ALA H   7"), "residue H7 has no atom CA"),
        ("no atoms", "found: none"),
        (framework("H" * 9), "at most 350"),
    ],
)
def test_a_framework_is_refused_unless_it_is_in_hlt_form(text: str | None, said: str) -> None:
    error = refusal(LYSOZYME, framework="given", framework_file=text)
    assert said in str(error)
    assert error.errors[0].path == "parameters.framework_file"


def test_the_loops_of_a_given_framework_are_by_default_those_of_its_chains() -> None:
    nanobody = prepared(framework="given", framework_file=framework("H"))
    assert nanobody.notes["loops"] == "designed: H1:7,H2:6,H3:5-13"
    both = prepared(framework="given", framework_file=framework("HL"))
    assert both.notes["loops"].endswith("L1:8-13,L2:7,L3:9-11")


def test_what_is_not_modelled_of_a_fab_and_an_scfv_is_said() -> None:
    assert "constant domains are not modelled" in prepared(framework="fab").notes["framework"]
    assert "linker is not modelled" in prepared(framework="scfv").notes["framework"]


def test_what_is_settled_can_be_settled_again() -> None:
    settled = prepared(loops="h3:8")
    again = type(settled.parameters).model_validate(
        settled.parameters.model_dump(mode="json", exclude_none=True)
    )
    assert again == settled.parameters
    assert read_structure(settled.inputs["target.pdb"])[0][0].name == "T"
