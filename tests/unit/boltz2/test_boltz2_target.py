"""What is settled before a Boltz-2 batch is stored, and what is refused with the path of its field."""

import json
import re
from typing import Any

import gemmi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.catalogue.boltz2_constraints import Site
from shared.catalogue.boltz2_input import NAME, Complex
from shared.catalogue.boltz2_parameters import Boltz2Parameters
from shared.catalogue.boltz2_target import prepare
from shared.catalogue.preparing import Prepared, Target
from shared.chemistry.structure import read_structure
from shared.errors import InvalidInput
from shared.models.batch import LibraryRow
from tests.support.functions import ROOT
from tests.support.properties import examples
from tests.unit.boltz2.replay import ASPIRIN, SCREEN, SEQUENCE

RECEPTOR = (ROOT / "examples" / "t4l_l99a" / "receptor.pdb").read_text()


def prepared(task: str = SCREEN, sequence: str = SEQUENCE, **parameters: Any) -> Prepared:
    """A target prepared as at submit."""
    return prepare(Boltz2Parameters.model_validate(parameters), Target(task, "a target", sequence))


def whole(found: Prepared) -> Complex:
    """The complex that every run reads."""
    return Complex.model_validate_json(found.inputs[NAME])


def judged(smiles: str, found: Prepared, heavy_atoms: int = 9) -> LibraryRow | str:
    """What the model makes of a row."""
    row = LibraryRow(
        position=0,
        index=0,
        line=1,
        name="x",
        smiles=smiles,
        canonical_smiles=smiles,
        heavy_atoms=heavy_atoms,
        fragments=smiles.count(".") + 1,
    )
    assert found.judge is not None
    return found.judge(row)


def test_what_may_be_long_goes_into_files_and_the_parameters_stay_small() -> None:
    found = prepared(
        chains=[{"kind": "protein", "sequence": "G" * 900}],
        msa=[{"chain": "B", "format": "csv", "content": f"key,sequence\n1,{'G' * 900}\n"}],
        templates=[{"content": RECEPTOR, "chain": "A", "template_chain": "A"}],
        pocket={"contacts": [f"A:{n}" for n in range(1, 21)]},
    )
    assert set(found.inputs) == {NAME, "msa_2.csv", "template_1.cif"}
    assert found.alignments == {"msa_1.csv": SEQUENCE}
    assert len(found.parameters.model_dump_json(exclude_none=True)) < 800
    assert found.parameters == Boltz2Parameters.model_validate(
        found.parameters.model_dump(mode="json", exclude_none=True)
    )


def test_chains_get_letters_in_order_and_the_ligand_the_last_one() -> None:
    found = prepared(
        target={"copies": 2},
        chains=[{"kind": "rna", "sequence": "acgu", "copies": 2}, {"kind": "protein", "sequence": SEQUENCE}],
        cofactors=[{"ccd": "ZN"}],
    )
    it = whole(found)
    assert [(polymer.kind, polymer.ids) for polymer in it.polymers] == [
        ("protein", ("A", "B", "E")),
        ("rna", ("C", "D")),
    ]
    assert (it.molecules[0].ids, it.ligand) == (("F",), "G")
    assert found.notes["complex"] == (
        "A, B, E: protein, 20 residues; C, D: rna, 4 residues; F: ZN; G: ligand"
    )
    assert found.tokens == 3 * 20 + 2 * 4 + 60


def test_a_variant_that_the_alignment_of_its_target_does_not_serve_is_refused_at_submit() -> None:
    def judge(sequence: str, **parameters: Any) -> LibraryRow | str | None:
        row = LibraryRow(index=0, position=0, line=1, name="v", kind="variant", item={"sequence": sequence})
        found = prepared("variant_comparison", **parameters).judge
        return None if found is None else found(row)

    same, shorter = f"A{SEQUENCE[1:]}", SEQUENCE[1:]
    assert isinstance(judge(same), LibraryRow)
    assert "19 residues and the target's alignment 20 columns" in str(judge(shorter))
    given = {"chain": "A", "format": "csv", "content": f"key,sequence\n1,{SEQUENCE}\n"}
    assert "19 residues" in str(judge(shorter, use_msa=False, msa=[given]))
    assert judge(shorter, use_msa=False) is None


def test_each_protein_sequence_is_searched_once_and_only_where_it_is_wanted() -> None:
    chains = [{"kind": "protein", "sequence": SEQUENCE}, {"kind": "protein", "sequence": "GGGG"}]
    assert prepared(chains=chains).alignments == {"msa_1.csv": SEQUENCE, "msa_2.csv": "GGGG"}
    none = prepared(chains=chains, use_msa=False)
    assert none.alignments == {}
    assert [it.msa for it in whole(none).polymers] == [None, None]


@pytest.mark.parametrize(
    ("task", "parameters", "affinity", "note"),
    [
        (SCREEN, {}, True, "predicted"),
        (SCREEN, {"affinity": True}, True, "predicted, as asked for"),
        (SCREEN, {"affinity": False}, False, "not predicted, as asked for"),
        (SCREEN, {"chains": [{"kind": "dna", "sequence": "ACGT"}]}, False, "not on DNA"),
        ("protein_structure", {}, False, "there is no ligand"),
        ("variant_comparison", {}, False, "there is no ligand"),
    ],
)
def test_an_affinity_is_predicted_for_a_ligand_on_proteins(
    task: str, parameters: dict[str, Any], affinity: bool, note: str
) -> None:
    found = prepared(task, **parameters)
    assert found.parameters.model_dump()["affinity"] is affinity
    assert note in found.notes["affinity"]


A3M = f">query\n{SEQUENCE[:10]}\n{SEQUENCE[10:]}\n>hit 1\n{SEQUENCE[:-2]}ab--\n"


def test_an_alignment_is_given_to_the_model_one_row_to_a_line() -> None:
    found = prepared(msa=[{"format": "a3m", "content": A3M}])
    assert found.inputs["msa_1.csv"].decode() == (f"key,sequence\n-1,{SEQUENCE}\n-1,{SEQUENCE[:-2]}ab--\n")
    assert found.alignments == {}


def test_a_template_keeps_the_chain_names_that_its_author_gave() -> None:
    found = prepared(templates=[{"content": RECEPTOR, "chain": "A", "template_chain": "A"}])
    template = gemmi.cif.read_string(found.inputs["template_1.cif"].decode()).sole_block()
    assert set(template.find_values("_atom_site.label_asym_id")) == {"A"}
    assert set(template.find_values("_atom_site.auth_asym_id")) == {"A"}
    residues = len(next(iter(read_structure(RECEPTOR)[0])).get_polymer())
    assert len(template.find_values("_entity_poly_seq.mon_id")) == residues
    assert whole(found).templates[0].template_chain == "A"


CHAIN = {"kind": "protein", "sequence": "GGGG"}
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "residue beyond the end": (
        {"pocket": {"contacts": ["A:1", "A:21"]}},
        "pocket.contacts.1",
        "which has 20",
    ),
    "unknown chain": ({"pocket": {"contacts": ["Q:1"]}}, "pocket.contacts.0", "no chain Q"),
    "the ligand itself": ({"pocket": {"contacts": ["B:1"]}}, "pocket.contacts.0", "the ligand itself"),
    "atom of a protein": ({"pocket": {"contacts": ["A:CA"]}}, "pocket.contacts.0", "name a residue"),
    "residue of a cofactor": (
        {"cofactors": [{"ccd": "ATP"}], "pocket": {"contacts": ["B:1"]}},
        "pocket.contacts.0",
        "name one of its atoms",
    ),
    "atom of a SMILES": (
        {"cofactors": [{"smiles": "CCO"}], "pocket": {"contacts": ["B:C1"]}},
        "pocket.contacts.0",
        "CCD code",
    ),
    "bond to nowhere": (
        {"constraints": [{"kind": "bond", "atom1": "A:3:SG", "atom2": "A:99:SG"}]},
        "constraints.0.atom2",
        "residue 99",
    ),
    "contact to nowhere": (
        {"constraints": [{"kind": "contact", "token1": "A:21", "token2": "A:2"}]},
        "constraints.0.token1",
        "residue 21",
    ),
    "modification beyond the end": (
        {"target": {"modifications": [{"position": 21, "ccd": "SEP"}]}},
        "target.modifications.0.position",
        "20 residues",
    ),
    "copies that differ": (
        {"chains": [{"kind": "protein", "sequence": SEQUENCE, "cyclic": True}]},
        "chains.0",
        "gives all copies of a sequence the same",
    ),
    "too many chains": (
        {"target": {"copies": 10}, "chains": [{**CHAIN, "copies": 10}]},
        "chains",
        "21 chains",
    ),
    "too many proteins": (
        {"chains": [{"kind": "protein", "sequence": "G" * n} for n in range(3, 9)]},
        "chains",
        "7 different proteins",
    ),
    "affinity with DNA": (
        {"affinity": True, "chains": [{"kind": "dna", "sequence": "ACGT"}]},
        "affinity",
        "proteins only",
    ),
    "alignment of another protein": (
        {"msa": [{"format": "a3m", "content": ">x\nGGGGGGGG\n"}]},
        "msa.0.content",
        "not the sequence of the chain",
    ),
    "empty alignment": (
        {"msa": [{"format": "a3m", "content": "# nothing\n"}]},
        "msa.0.content",
        "no sequence",
    ),
    "uneven alignment": (
        {"msa": [{"format": "a3m", "content": f">q\n{SEQUENCE}\n>h\n{SEQUENCE}A\n"}]},
        "msa.0.content",
        "row 2 has 21 columns",
    ),
    "query with a gap": (
        {"msa": [{"format": "a3m", "content": f">q\n{SEQUENCE}-\n"}]},
        "msa.0.content",
        "has gaps",
    ),
    "digits in an alignment": (
        {"msa": [{"format": "a3m", "content": f">q\n{SEQUENCE}\n>h\n{SEQUENCE[:-1]}1\n"}]},
        "msa.0.content",
        "no residues: 1",
    ),
    "csv without keys": (
        {"msa": [{"format": "csv", "content": f"sequence\n{SEQUENCE}\n"}]},
        "msa.0.content",
        "key and sequence",
    ),
    "key that is text": (
        {"msa": [{"format": "csv", "content": f"key,sequence\nhuman,{SEQUENCE}\n"}]},
        "msa.0.content",
        "whole numbers",
    ),
    "a3m for several proteins": (
        {"chains": [CHAIN], "msa": [{"format": "a3m", "content": A3M}]},
        "msa.0.format",
        "give csv with keys",
    ),
    "two alignments of one chain": (
        {"msa": [{"format": "a3m", "content": A3M}] * 2},
        "msa.1.chain",
        "has an alignment already",
    ),
    "alignment of no protein": (
        {"msa": [{"chain": "B", "format": "a3m", "content": A3M}]},
        "msa.0.chain",
        "",
    ),
    "template that is none": ({"templates": [{"content": "hello"}]}, "templates.0.content", "neither PDB"),
    "template without the chain": (
        {"templates": [{"content": RECEPTOR, "chain": "A", "template_chain": "Z"}]},
        "templates.0.content",
        "no protein chain Z",
    ),
    "template of no chain": ({"templates": [{"content": RECEPTOR, "chain": "B"}]}, "templates.0.chain", ""),
    "a code for a whole library": ({"ligand_ccd": "ATP"}, "ligand_ccd", "one ligand"),
}


@pytest.mark.parametrize(("parameters", "path", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_the_model_would_refuse_or_ignore_is_refused_at_once(
    parameters: dict[str, Any], path: str, reason: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        prepared(**parameters)
    [found] = caught.value.errors
    assert found.path == f"parameters.{path}"
    assert reason in found.message


@pytest.mark.parametrize(
    ("parameters", "path"), [({"pocket": {"contacts": ["A:1"]}}, "pocket"), ({"affinity": True}, "affinity")]
)
def test_without_a_ligand_there_is_no_pocket_and_no_affinity(parameters: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidInput, match="this task has none") as caught:
        prepared("protein_structure", **parameters)
    assert caught.value.errors[0].path == f"parameters.{path}"


LONG, TOO_LONG = "C" * 57, "C" * 129


def test_a_ligand_beyond_the_limit_of_the_affinity_is_refused_with_both_numbers() -> None:
    answer = judged(TOO_LONG, prepared(), 129)
    assert answer == "The ligand has 129 heavy atoms; Boltz-2 predicts affinities up to 128."
    assert isinstance(judged("C" * 128, prepared(), 128), LibraryRow)
    assert isinstance(judged(TOO_LONG, prepared(affinity=False), 129), LibraryRow)


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("C[Hg]C", "holds Hg"),
        ("BBBBBBBBB", "9 boron atoms"),
        (f"Cl{'C' * 50}", "no name for its atom"),
    ],
)
def test_what_the_model_cannot_take_is_told_per_ligand(smiles: str, reason: str) -> None:
    answer = judged(smiles, prepared())
    assert isinstance(answer, str)
    assert reason in answer


def test_a_ligand_that_is_a_cofactor_too_has_no_affinity() -> None:
    found = prepared(cofactors=[{"smiles": "OC(=O)c1ccccc1OC(C)=O"}])
    assert "as a cofactor" in str(judged(ASPIRIN, found))
    assert isinstance(judged(ASPIRIN, prepared(affinity=False, cofactors=[{"smiles": ASPIRIN}])), LibraryRow)


def test_a_large_ligand_and_a_salt_are_taken_with_a_warning() -> None:
    large, salt = judged(LONG, prepared(), 57), judged("CC(=O)[O-].[Na+]", prepared())
    assert isinstance(large, LibraryRow)
    assert "trained on up to 56" in large.warnings[0]
    assert isinstance(salt, LibraryRow)
    assert salt.warnings == ("Only the largest fragment is predicted.",)


@examples(200)
@given(
    chain=st.text("ABCXYZ", min_size=1, max_size=5),
    residue=st.integers(1, 9999),
    form=st.sampled_from(["list", "colon", "joined"]),
)
def test_a_residue_is_read_in_each_way_of_writing_it(chain: str, residue: int, form: str) -> None:
    given = {"list": [chain, residue], "colon": f" {chain}:{residue} ", "joined": f"{chain}{residue}"}[form]
    assert TypeAdapter(Site).validate_python(given) == f"{chain}:{residue}"
    assert TypeAdapter(Site).validate_json(json.dumps(given)) == f"{chain}:{residue}"


@examples(200)
@given(text=st.text(max_size=12))
def test_any_other_text_is_a_place_or_refused_in_one_sentence(text: str) -> None:
    try:
        found = TypeAdapter(Site).validate_python(text)
    except ValidationError as error:
        found = str(error.errors()[0]["msg"])
    assert found.startswith("Value error, names no place") or re.fullmatch(r"[A-Z]+:[A-Z0-9'\"]+", found)


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"pocket": {"contacts": []}}, "pocket.contacts"),
        ({"pocket": {"contacts": ["A:0"]}}, "pocket.contacts.0"),
        ({"pocket": {"contacts": ["A:1"], "max_distance": 3}}, "pocket.max_distance"),
        ({"pocket": {"contacts": ["A:1"], "max_distance": 21}}, "pocket.max_distance"),
        ({"chains": [{"kind": "dna", "sequence": "ACGU"}]}, "chains.0.sequence"),
        ({"chains": [{"kind": "protein", "sequence": "MKTZ"}]}, "chains.0.sequence"),
        ({"chains": [{"kind": "protein", "sequence": ""}]}, "chains.0.sequence"),
        ({"chains": [{**CHAIN, "modifications": [{"position": 5, "ccd": "SEP"}]}]}, "chains.0"),
        ({"chains": [{**CHAIN, "copies": 11}]}, "chains.0.copies"),
        ({"cofactors": [{}]}, "cofactors.0"),
        ({"cofactors": [{"ccd": "toolong"}]}, "cofactors.0.ccd"),
        ({"cofactors": [{"smiles": "C1CC"}]}, "cofactors.0.smiles"),
        ({"templates": [{"content": "x", "force": True}]}, "templates.0"),
        ({"templates": [{"content": "x", "template_chain": "A"}]}, "templates.0"),
        ({"diffusion_samples": 11}, "diffusion_samples"),
        ({"recycling_steps": 11}, "recycling_steps"),
        ({"sampling_steps": 0}, "sampling_steps"),
        ({"step_scale": 4}, "step_scale"),
        ({"method": "guess"}, "method"),
        (
            {"constraints": [{"kind": "contact", "token1": "?", "token2": "A:1"}]},
            "constraints.0.contact.token1",
        ),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_limit_is_told_with_the_path_of_its_field(parameters: dict[str, Any], path: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Boltz2Parameters.model_validate(parameters)
    assert ".".join(map(str, caught.value.errors()[0]["loc"])) == path
