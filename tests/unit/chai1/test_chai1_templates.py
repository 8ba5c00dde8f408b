"""Structures as templates for Chai-1: what is written for the program, and what is refused at submit."""

import gzip
from pathlib import Path
from typing import Any

import gemmi
import pytest
from pydantic import ValidationError

from shared.catalogue.chai1_parameters import Chai1Parameters
from shared.catalogue.chai1_target import prepare
from shared.catalogue.preparing import Prepared, Target
from shared.chemistry.likeness import Likeness, likeness
from shared.chemistry.structure import protein_sequence, read_structure
from shared.errors import InvalidInput

LYSOZYME = (Path(__file__).parents[3] / "examples" / "t4l_l99a" / "receptor.pdb").read_text()
SEQUENCE = protein_sequence(read_structure(LYSOZYME))["A"]
OTHER = "MKWVTFISLLFLFSSAYSRGVFRRDAHKSEVAHRFKDLGEENFKALVLIAFAQYLQQCPFEDHVKLVNEV"


def prepared(*templates: dict[str, Any], sequence: str = SEQUENCE, chains: Any = ()) -> Prepared:
    given = Chai1Parameters.model_validate({"templates": templates, "chains": chains})
    return prepare(given, Target("batch_protein_ligand_screening", "p", sequence=sequence))


def hits(found: Prepared) -> list[list[str]]:
    return [row.split("\t") for row in found.inputs["templates.m8"].decode().splitlines()]


def structure(found: Prepared, name: str) -> gemmi.Structure:
    block = gemmi.cif.read_string(gzip.decompress(found.inputs[name]).decode()).sole_block()
    return gemmi.make_structure_from_block(block)


def test_a_row_of_the_table_names_chain_structure_and_the_stretch_that_is_alike() -> None:
    found = prepared({"content": LYSOZYME}, sequence="W" * 70 + SEQUENCE[10:59])
    (row,) = hits(found)
    assert row == ["target", "T1N1_A", "100.0", "49", "0", "0", "71", "119", "11", "59", "1", "0"]
    assert set(found.inputs) == {"complex.fasta", "templates.m8", "T1N1.cif.gz"}


def test_orders_stay_small_and_the_same_template_is_the_same_bytes() -> None:
    one, other = (prepared({"content": LYSOZYME}) for _ in range(2))
    assert one.inputs == other.inputs
    assert len(one.parameters.model_dump_json()) < 400


def test_a_template_is_for_the_chain_that_is_named_or_for_every_one_that_is_like_it() -> None:
    chains = [
        {"kind": "protein", "sequence": SEQUENCE[:80], "copies": 2, "name": "part"},
        {"kind": "protein", "sequence": OTHER},
    ]
    assert [row[0] for row in hits(prepared({"content": LYSOZYME}, chains=chains))] == [
        *("target", "part", "part_2")
    ]
    for name in ("B", "part"):
        named = prepared({"content": LYSOZYME, "chain": name, "template_chain": "A"}, chains=chains)
        assert [row[0] for row in hits(named)] == ["part"]


def test_of_several_chains_the_one_most_alike_is_followed_and_kept_alone() -> None:
    whole = gemmi.read_pdb_string(LYSOZYME)
    copy = whole[0]["A"].clone()
    copy.name = "Q"
    for place in reversed(range(40)):
        del whole[0]["A"][place]
    whole[0].add_chain(copy)
    whole[0].add_chain(gemmi.Chain("E"))
    found = prepared({"content": whole.make_pdb_string()})
    (row,) = hits(found)
    kept = structure(found, f"{row[1].partition('_')[0]}.cif.gz")
    assert [(chain.name, len(chain)) for chain in kept[0]] == [("A", len(SEQUENCE))]
    only = prepared({"content": whole.make_pdb_string(), "chain": "A", "template_chain": "A"})
    assert hits(only)[0][6:8] == ["41", str(len(SEQUENCE))]


def test_modified_residues_are_what_they_come_from_and_those_without_backbone_are_left_out() -> None:
    whole = gemmi.read_pdb_string(LYSOZYME)
    whole[0]["A"][0].name = "MSE"
    incomplete = whole[0]["A"][5]
    incomplete.remove_atom("C", "\0", gemmi.Element("C"))
    kept = structure(prepared({"content": whole.make_pdb_string()}), "T1N1.cif.gz")[0]["A"]
    assert (kept[0].name, len(kept)) == ("MET", len(SEQUENCE) - 1)
    assert {atom.name for residue in kept for atom in residue} == {"N", "CA", "C", "O", "CB"}


@pytest.mark.parametrize(
    ("template", "part", "said"),
    [
        ({"content": "hello"}, "content", "neither PDB nor mmCIF"),
        ({"content": LYSOZYME, "chain": "Z"}, "chain", "no protein chain Z; there are A (target), C (other)"),
        ({"content": LYSOZYME, "chain": "B"}, "chain", "no protein chain B"),
        ({"content": LYSOZYME, "chain": "C"}, "content", "resembles no chain: other must share 30%"),
        (
            {"content": LYSOZYME, "chain": "A", "template_chain": "Q"},
            "template_chain",
            "there is no protein chain Q; there are A",
        ),
    ],
)
def test_a_template_that_would_do_nothing_is_refused_by_its_field(
    template: dict[str, Any], part: str, said: str
) -> None:
    chains = [
        {"kind": "dna", "sequence": "ACGT"},
        {"kind": "protein", "sequence": OTHER, "name": "other"},
    ]
    with pytest.raises(InvalidInput) as caught:
        prepared({"content": LYSOZYME}, template, chains=chains)
    (error,) = caught.value.errors
    assert error.path == f"parameters.templates.1.{part}"
    assert said in error.message


def test_a_name_that_the_table_cannot_hold_is_refused() -> None:
    chains = [{"kind": "protein", "sequence": SEQUENCE, "name": "007"}]
    with pytest.raises(InvalidInput, match="reads the name 007 as no name"):
        prepared({"content": LYSOZYME}, chains=chains)


@pytest.mark.parametrize(
    "templates",
    [
        [{"content": LYSOZYME}] * 5,
        [{"content": LYSOZYME, "template_chain": "A"}],
        [{"content": ""}],
        [{"content": LYSOZYME, "force": True}],
    ],
)
def test_templates_have_limits(templates: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError, match="templates"):
        Chai1Parameters.model_validate({"templates": templates})


def test_ends_that_are_not_alike_are_no_part_of_a_likeness() -> None:
    core = SEQUENCE[20:60]
    assert likeness(f"WWWWWW{core}", f"{core}HHHHHHHH") == Likeness((6, 46), (0, 40), 40, 40)
    assert likeness(core, f"{core[:20]}GG{core[20:]}") == Likeness((0, 40), (0, 42), 40, 40)
    assert likeness("AAAA", "WWWW") is None
