"""``omtx submit`` of what is no ligand: variants, designs, a target alone."""

from pathlib import Path

import pytest

from tests.cli.program import Omtx

SEQUENCE = "MNIFEMLRIDEGLRLK"
NOOP = ("--model", "noop")
FOLD = ("--task", "protein_structure", *NOOP)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("v.csv", f"name,sequence\nM1L,L{SEQUENCE[1:]}\nshort,{SEQUENCE[:-1]}\n"),
        ("v.tsv", f"sequence\tname\nL{SEQUENCE[1:]}\tM1L\n{SEQUENCE[:-1]}\tshort\n"),
        ("v.fasta", f">M1L first\nL{SEQUENCE[1:8]}\n{SEQUENCE[8:]}\n>short\n{SEQUENCE[:-1]}\n"),
    ],
)
def test_variants_are_compared_with_the_sequence_itself(
    omtx: Omtx, tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    given = ("--variants", tmp_path / name, "--sequence", SEQUENCE, *NOOP)
    answer = omtx("submit", *given, "--wait")
    assert answer.code == 0, answer.err
    rows = omtx("results", answer.json["batch_id"]).json["results"]
    assert {row["ligand_name"]: row["item"]["sequence"] for row in rows} == {
        "M1L": f"L{SEQUENCE[1:]}", "short": SEQUENCE[:-1], "wild type": SEQUENCE
    }  # fmt: skip
    shown = omtx("results", answer.json["batch_id"], "--format", "table").out
    assert "M1L" in shown
    assert "15 residues" in shown
    assert "SMILES" not in shown
    assert omtx("status", answer.json["batch_id"]).json["batch_name"] == "v"


def test_designs_are_dealt_to_jobs(omtx: Omtx, tmp_path: Path) -> None:
    target = tmp_path / "pdl1.pdb"
    target.write_text("HEADER    x\n")
    given = ("--num-designs", 9, "--target", target, *NOOP)
    answer = omtx("submit", *given, "--param", "hotspots=A:54,A:56", "--wait")
    assert answer.code == 0, answer.err
    assert answer.json["accounting"]["completed"] == 3
    assert "designs 5 to 8" in omtx("results", answer.json["batch_id"], "--format", "table").out


def test_a_target_alone_goes_by_its_task(omtx: Omtx, tmp_path: Path) -> None:
    fasta = tmp_path / "lysozyme.fasta"
    fasta.write_text(f">x\n{SEQUENCE}\n")
    for given in (("--target", fasta), ("--sequence", fasta)):
        answer = omtx("submit", "--task", "protein_structure", *given, "--wait", *NOOP)
        assert answer.code == 0, answer.err
        status = omtx("status", answer.json["batch_id"]).json
        assert (status["protein_name"], status["batch_name"]) == ("lysozyme", "protein_structure")


def test_the_model_is_the_one_that_does_the_task_here(omtx: Omtx, library: Path) -> None:
    answer = omtx("submit", "--task", "protein_structure", "--sequence", SEQUENCE)
    assert answer.code == 0, answer.err
    assert omtx("status", answer.json["batch_id"]).json["model_name"] == "noop"
    refused = omtx("submit", library, "--task", "binding_site_prediction", "--sequence", SEQUENCE)
    assert refused.code == 5
    assert "needs a GPU" in refused.err


def test_a_dry_run_says_how_many_jobs_there_are(omtx: Omtx, tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text(f"name,sequence\nM1L,L{SEQUENCE[1:]}\nbad,MK*T\n")
    variants = ("--variants", tmp_path / "v.csv", "--sequence", SEQUENCE)
    orders = {variants: (2, 1), ("--num-designs", 9): (3, 0), ("--task", "protein_structure"): (1, 0)}
    for given, (jobs, invalid) in orders.items():
        answer = omtx("submit", *given, *NOOP, "--dry-run")
        assert answer.code == 0, answer.err
        assert (answer.json["counts"]["to_compute"], answer.json["counts"]["invalid"]) == (jobs, invalid)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (NOOP, "what is to be computed"),
        (("--num-designs", 2, "--task", "protein_structure", *NOOP), "num_designs"),
        (("--task", "folding", *NOOP), "task_type"),
        (("--task", "folding"), "no task"),
        (("--variants", "none.csv", *NOOP), "none.csv"),
        ((*FOLD, "--parameters", "none.json"), "none.json"),
        ((*FOLD, "--msa", "A=x.sto"), "x.sto: alignments are read as .a3m or .csv"),
        ((*FOLD, "--msa", "none.a3m"), "none.a3m"),
        ((*FOLD, "--template", "B:A=none.pdb"), "none.pdb"),
        ((*FOLD, "--param", "alignments=true", "--sequence", SEQUENCE), "use_msa"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(omtx: Omtx, options: tuple[object, ...], said: str) -> None:
    answer = omtx("submit", *options)
    assert answer.code in (4, 5)
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_a_sequence_is_given_once(omtx: Omtx, tmp_path: Path) -> None:
    (tmp_path / "a.fasta").write_text(f">x\n{SEQUENCE}\n")
    answer = omtx(
        "submit", "--task", "protein_structure", "--target", tmp_path / "a.fasta", "--sequence", "MK"
    )
    assert answer.code == 5
    assert "given twice" in answer.err


def test_a_table_of_variants_needs_sequences_and_rows(omtx: Omtx, tmp_path: Path) -> None:
    for text, said in (("name,seq\na,MK\n", "no column 'sequence'"), ("name,sequence\n", "has no row")):
        (tmp_path / "v.csv").write_text(text)
        answer = omtx("submit", "--variants", tmp_path / "v.csv", *NOOP)
        assert answer.code == 5
        assert said in answer.err


def test_parameters_come_from_a_file_and_a_pair_wins(omtx: Omtx, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"failure_rate": 1, "payload_bytes": 10}')
    (tmp_path / "framework.pdb").write_text("HEADER\n")
    answer = omtx(
        *("submit", "--num-designs", 1, *NOOP, "--wait"),
        *("--parameters", tmp_path / "p.json", "--param", "failure_rate=0"),
        *("--param", f"framework_file=@{tmp_path}/framework.pdb"),
    )
    assert answer.code == 0, answer.err
    (tmp_path / "p.json").write_text("[1]")
    refused = omtx("submit", "--num-designs", 1, *NOOP, "--parameters", tmp_path / "p.json")
    assert refused.code == 5
    assert "must hold a JSON object" in refused.err
