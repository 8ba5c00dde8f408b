"""What a user may ask of Chai-1, and what every run then gets."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.catalogue.chai1_chains import Chain, padded, read_fasta
from shared.catalogue.chai1_parameters import Chai1Parameters
from shared.catalogue.chai1_target import prepare, read_complex
from shared.catalogue.preparing import Prepared, Target
from shared.errors import InvalidInput
from shared.models.batch import LibraryRow

SEQUENCE = "MKTAYIAKQRQISFVKSHFS"


def prepared(sequence: str | None = SEQUENCE, **given: Any) -> Prepared:
    target = Target("batch_protein_ligand_screening", "p", sequence=sequence)
    return prepare(Chai1Parameters.model_validate(given), target)


def fasta(found: Prepared) -> str:
    return found.inputs["complex.fasta"].decode()


def refusal(**given: Any) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as caught:
        prepared(**given)
    (error,) = caught.value.errors
    return error.path, error.message


def test_a_target_alone_is_one_record_and_needs_no_alignment() -> None:
    found = prepared()
    assert fasta(found) == f">protein|name=target\n{SEQUENCE}\n"
    assert (set(found.inputs), found.alignments) == ({"complex.fasta"}, {})


def test_every_copy_of_a_chain_is_a_record_with_a_name_of_its_own() -> None:
    found = prepared(
        chains=[
            {"kind": "protein", "sequence": "mkt ayiak(sep)q", "copies": 2},
            {"kind": "dna", "sequence": "acgt", "name": "strand"},
            {"kind": "glycan", "sequence": "NAG(4-1 NAG)"},
            {"kind": "ligand", "sequence": "OCC(O)CO"},
        ]
    )
    assert [(it.kind, it.name, it.sequence) for it in read_complex(found.inputs["complex.fasta"])] == [
        ("protein", "target", SEQUENCE),
        ("protein", "protein", "MKTAYIAK(SEP)Q"),
        ("protein", "protein_2", "MKTAYIAK(SEP)Q"),
        ("dna", "strand", "ACGT"),
        ("glycan", "glycan", "NAG(4-1 NAG)"),
        ("ligand", "molecule", "OCC(O)CO"),
    ]


def test_fasta_text_says_the_same_as_fields() -> None:
    text = f">protein|name=target\n{SEQUENCE[:9]}\n{SEQUENCE[9:].lower()}\n>rna|r\nACGU\n"
    by_text = prepared(None, fasta=text)
    assert by_text.inputs == prepared(chains=[{"kind": "rna", "name": "r", "sequence": "acgu"}]).inputs


def test_what_may_be_long_is_in_the_files_and_not_in_the_orders() -> None:
    chains = [{"kind": "protein", "sequence": "M" * 300, "copies": 4}]
    restraints = [{"kind": "contact", "a": f"A:{n}", "b": f"B:{n}"} for n in range(1, 20)]
    found = prepared(chains=chains, restraints=restraints)

    assert len(found.parameters.model_dump_json()) < 400


def test_an_alignment_is_asked_for_once_per_sequence() -> None:
    chains = [
        {"kind": "protein", "sequence": SEQUENCE},
        {"kind": "protein", "sequence": "MKTAYIAK(SEP)Q", "copies": 2},
        {"kind": "rna", "sequence": "ACGU"},
    ]
    found = prepared(use_msa=True, chains=chains)
    assert found.alignments == {"msa_1.pqt": SEQUENCE, "msa_2.pqt": "MKTAYIAKSQ"}


def test_restraints_are_written_in_the_words_of_the_program() -> None:
    found = prepared(
        chains=[{"kind": "glycan", "name": "sugar", "sequence": "NAG(4-1 NAG)"}],
        restraints=[
            {"kind": "pocket", "a": "ligand", "b": "A:K2", "max_distance": 8},
            {"kind": "contact", "a": "target:3", "b": "A:R10", "confidence": 0.5},
            {"kind": "covalent", "a": "A:S13@OG", "b": "sugar@C1"},
        ],
    )
    header, *rows = found.inputs["restraints.csv"].decode().splitlines()
    assert header.startswith("restraint_id,chainA,res_idxA,chainB,res_idxB,connection_type,confidence")
    assert rows == [
        "restraint_1,C,,A,K2,pocket,1.0,0.0,8.0,restraint 1",
        "restraint_2,A,T3,A,R10,contact,0.5,0.0,10.0,restraint 2",
        "restraint_3,A,S13@OG,B,@C1,covalent,1.0,0.0,10.0,restraint 3",
    ]


@pytest.mark.parametrize(
    ("restraint", "said"),
    [
        ({"kind": "contact", "a": "A:21", "b": "A:1"}, "the residues of that chain are 1 to 20"),
        ({"kind": "contact", "a": "A:0", "b": "A:1"}, "the residues of that chain are 1 to 20"),
        ({"kind": "contact", "a": "A:W2", "b": "A:1"}, "residue 2 is K"),
        ({"kind": "contact", "a": "ligand:1", "b": "A:1"}, "name residues of proteins"),
        ({"kind": "contact", "a": "B:2", "b": "A:1"}, "residue 2 is modified"),
        (
            {"kind": "pocket", "a": "Z", "b": "A:1"},
            "no chain Z; there are A (target), B (protein) and ligand",
        ),
        ({"kind": "covalent", "a": "A:1@N", "b": "ligand:2@C1"}, "bonds may also name the first residue"),
    ],
)
def test_a_restraint_on_what_is_not_there_is_refused(restraint: dict[str, str], said: str) -> None:
    path, message = refusal(restraints=[restraint], chains=[{"kind": "protein", "sequence": "M(SEP)K"}])
    assert path == "parameters.restraints"
    assert said in message


def test_a_complex_is_described_once() -> None:
    assert refusal(fasta=">protein|name=a\nMKT\n")[0] == "parameters.fasta"
    assert refusal(sequence=None)[0] == "protein_sequence"


def test_a_complex_that_leaves_no_room_for_a_ligand_is_refused() -> None:
    chains = [{"kind": "protein", "sequence": "M" * 1014, "copies": 2}]
    assert refusal(chains=chains) == (
        "parameters.chains",
        "the complex has 2048 tokens; with its ligand at most 2048 fit",
    )


def test_names_that_collide_and_too_many_chains_are_refused() -> None:
    twice = [
        {"kind": "rna", "sequence": "A", "name": "target"},
        {"kind": "rna", "sequence": "C", "name": "target_2"},
    ]
    assert "same name: target_2" in refusal(chains=twice)[1]
    many = [{"kind": "dna", "sequence": "A", "copies": 10}] * 3
    assert "31 chains and a ligand" in refusal(chains=many)[1]


def test_a_cofactor_that_is_no_molecule_is_refused_by_its_field() -> None:
    with pytest.raises(ValidationError, match="no SMILES"):
        prepared(chains=[{"kind": "ligand", "sequence": "C1CC("}])


@pytest.mark.parametrize(
    ("chain", "said"),
    [
        ({"kind": "protein", "sequence": "MKB"}, "letters that protein does not have: B"),
        ({"kind": "rna", "sequence": "ACGT"}, "letters that rna does not have: T"),
        ({"kind": "protein", "sequence": "MK(S)"}, "out of place"),
        ({"kind": "protein", "sequence": "MK-T"}, "out of place"),
        ({"kind": "glycan", "sequence": "NAG(4-1 NAG"}, "is no glycan"),
        ({"kind": "glycan", "sequence": "NAGA"}, "is no glycan"),
        ({"kind": "protein", "sequence": "MK", "name": "ligand"}, "what the ligand of each run is called"),
        ({"kind": "protein", "sequence": "MK", "name": "a|b"}, "pattern"),
    ],
)
def test_a_chain_that_the_program_would_misread_is_refused(chain: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match="(?s)" + said):
        Chain.model_validate(chain)


@pytest.mark.parametrize(
    "text", ["MKT\n>protein|name=a\nMKT", ">peptide|name=a\nMKT", ">protein\nMKT", ">protein|x|y\nM"]
)
def test_fasta_text_with_other_headers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="header"):
        read_fasta(text)


@pytest.mark.parametrize(
    "name", ["num_samples", "num_diffn_timesteps", "num_trunk_recycles", "num_trunk_samples"]
)
@pytest.mark.parametrize("value", [0, 501, "many"])
def test_sampling_has_limits(name: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=name):
        Chai1Parameters.model_validate({name: value})


def test_the_alignment_is_asked_for_by_either_of_its_names() -> None:
    assert Chai1Parameters.model_validate({"use_msa_server": True}) == Chai1Parameters(use_msa=True)
    with pytest.raises(ValidationError, match="say it once"):
        Chai1Parameters.model_validate({"use_msa_server": True, "use_msa": False})


def compared(**given: Any) -> Prepared:
    target = Target("variant_comparison", "p", sequence=SEQUENCE)
    return prepare(Chai1Parameters.model_validate(given), target)


def variant(sequence: str) -> LibraryRow:
    return LibraryRow(index=0, position=0, line=1, name="v", kind="variant", item={"sequence": sequence})


def test_variants_share_the_alignment_of_their_target_where_they_are_as_long() -> None:
    found = compared(use_msa=True)
    assert found.alignments == {"msa_1.pqt": SEQUENCE}
    assert found.judge is not None
    same = variant(f"A{SEQUENCE[1:]}")
    assert found.judge(same) == same
    assert "19 residues and the target's alignment 20 columns" in str(found.judge(variant(SEQUENCE[1:])))


def test_without_an_alignment_a_variant_is_as_long_as_it_likes_and_fits_beside_the_other_chains() -> None:
    judge = compared(chains=[{"kind": "dna", "sequence": "A" * 48}]).judge
    assert judge is not None
    longest = variant("M" * 2000)
    assert judge(longest) == longest
    assert judge(variant("M" * 2001)) == (
        "The variant has 2001 residues; Chai-1 takes 2048 residues and atoms together, "
        "of which the other chains have 48."
    )


def test_variants_are_those_of_a_protein() -> None:
    target = Target("variant_comparison", "p")
    with pytest.raises(InvalidInput, match="must be the protein"):
        prepare(Chai1Parameters(fasta=f">dna|x\nACGT\n>protein|p\n{SEQUENCE}\n"), target)


def row(smiles: str, atoms: int, fragments: int = 1) -> LibraryRow:
    return LibraryRow(
        index=0,
        position=0,
        line=1,
        name="a",
        smiles=smiles,
        canonical_smiles=smiles,
        heavy_atoms=atoms,
        fragments=fragments,
    )


def test_a_ligand_that_no_longer_fits_beside_its_target_is_refused_at_submit() -> None:
    judge = prepared(chains=[{"kind": "protein", "sequence": "M" * 1000, "copies": 2}]).judge
    assert judge is not None
    assert judge(row("C" * 28, 28)) == row("C" * 28, 28)
    reason = judge(row("C" * 29, 29))
    assert reason == (
        "The ligand has 29 heavy atoms; Chai-1 takes 2048 residues and atoms together, "
        "of which the target has 2020."
    )
    salt = judge(row("C" * 28 + ".Cl", 29, 2))
    assert isinstance(salt, LibraryRow)
    assert salt.warnings == ("Only the largest fragment is folded.",)


def test_cost_goes_in_steps() -> None:
    assert [padded(tokens) for tokens in (1, 256, 257, 1025, 2048)] == [256, 256, 384, 1536, 2048]
    with pytest.raises(ValueError, match="2049 tokens"):
        padded(2049)


def test_tokens_count_residues_and_heavy_atoms() -> None:
    counted = [
        Chain(kind=kind, sequence=text).tokens
        for kind, text in (("protein", "MKT"), ("dna", "ACGT"), ("ligand", "OCC(O)CO"))
    ]
    assert counted == [3, 4, 6]
    assert 2 + 8 <= Chain(kind="protein", sequence="M(SEP)K").tokens <= 2 + 12
