"""``omtx submit``: what is read, what is refused, and with which exit code."""

import gzip
from pathlib import Path

import pytest

from tests.cli.program import TABLE, Omtx, submitted
from tests.unit.submit.test_sdf import record

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "t4l_l99a"


def test_a_program_gets_the_id_and_the_accounting(omtx: Omtx, library: Path) -> None:
    answer = omtx("submit", library, "--model", "noop")
    assert answer.code == 0
    assert set(answer.json) == {"batch_id", "accounting"}
    assert answer.json["accounting"]["submitted"] == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", TABLE),
        ("a.csv", TABLE.replace(",", ";")),
        ("a.tsv", TABLE.replace(",", "\t")),
        ("a.smi", "CCO ethanol\nc1ccccc1 benzene\nCC(=O)O 1,2-acid\n"),
        ("a.txt", "CCO ethanol\nc1ccccc1 benzene\nCC(=O)O 1,2-acid\n"),
        ("a.txt", TABLE),
        ("a.txt", "CCO,ethanol\nc1ccccc1,benzene\nCC(=O)O,acid\n"),
        ("library", "\ufeffCCO\nc1ccccc1\nCC(=O)O\n"),
    ],
)
def test_a_library_may_be_a_table_or_a_list(omtx: Omtx, tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    answer = omtx("submit", path, "--model", "noop", "--wait")
    assert answer.code == 0, answer.err
    assert answer.json["accounting"]["completed"] == 3


def test_rows_that_cannot_be_used_are_reported_and_do_not_stop_the_others(omtx: Omtx, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text("name,smiles\ngood,CCO\nbad,C1CC(\nempty,\n")
    answer = omtx("submit", path, "--model", "noop")
    assert answer.code == 0
    assert (answer.json["accounting"]["submitted"], answer.json["accounting"]["invalid"]) == (3, 2)
    assert "line 3:" in answer.err
    assert "line 4:" in answer.err


def test_a_strict_submission_is_refused_for_one_bad_row(omtx: Omtx, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text("name,smiles\ngood,CCO\nbad,C1CC(\n")
    answer = omtx("submit", path, "--model", "noop", "--strict")
    assert answer.code == 5
    assert "line 3" in answer.err


def test_names_come_from_the_files_where_none_are_given(omtx: Omtx, library: Path) -> None:
    target = SAMPLE / "receptor.pdb"
    given = omtx("status", submitted(omtx, library, "--target", target)).json
    named = omtx("status", submitted(omtx, library, "--name", "mine", "--protein-name", "p")).json
    assert (given["batch_name"], given["protein_name"]) == ("library", "receptor")
    assert (named["batch_name"], named["protein_name"]) == ("mine", "p")


def test_a_file_that_cannot_be_read_is_named(omtx: Omtx, tmp_path: Path, library: Path) -> None:
    latin, empty = tmp_path / "latin.csv", tmp_path / "empty.csv"
    latin.write_bytes("smiles\ncaf\xe9\n".encode("latin-1"))
    empty.write_text("\n")
    refused = [
        (omtx("submit", tmp_path / "none.csv"), "none.csv"),
        (omtx("submit", tmp_path), str(tmp_path)),
        (omtx("submit", tmp_path / "ligands.sdf"), ".sdf"),
        (omtx("submit", latin), "latin.csv is not UTF-8"),
        (omtx("submit", empty), "empty.csv is empty"),
        (omtx("submit", library, "--target", "none.pdb"), "none.pdb"),
        (omtx("submit", library, "--sequence", "none.fasta"), "none.fasta"),
        (omtx("submit", library, "--box-from-ligand", "none.sdf"), "none.sdf"),
    ]
    for answer, named in refused:
        assert answer.code == 5
        assert named in answer.err
        assert len(answer.err.splitlines()) == 1
        assert answer.out == ""


@pytest.mark.parametrize(
    ("options", "path"),
    [
        (["--model", "nothing"], "model_name"),
        (["--model", "vina"], "protein_structure"),
        (["--model", "vina", "--target", SAMPLE / "receptor.pdb"], "box"),
        (["--model", "noop", "--param", "delay_seconds=500"], "parameters.delay_seconds"),
        (["--model", "noop", "--param", "colour=red"], "parameters.colour"),
        (["--model", "noop", "--seed", "-1"], "seed"),
        (["--model", "noop", "--name", " "], "job_name"),
        (["--model", "noop", "--idempotency-key", "x" * 300], "Idempotency-Key"),
        (["--model", "noop", "--param", "colour"], "KEY=VALUE"),
        (["--model", "noop", "--box", "1,2,3"], "six numbers"),
        (["--model", "noop", "--seed", "many"], "--seed"),
        (["--model", "noop", "--colour", "red"], "--colour"),
    ],
)
def test_what_is_refused_names_the_field(omtx: Omtx, library: Path, options: list[object], path: str) -> None:
    answer = omtx("submit", library, *options)
    assert answer.code == 5
    assert path in answer.err
    assert "Traceback" not in answer.err


def test_a_library_without_a_usable_row_is_refused_row_by_row(omtx: Omtx, tmp_path: Path) -> None:
    path = tmp_path / "bad.smi"
    path.write_text("C1CC(\nnope\n")
    answer = omtx("submit", path, "--model", "noop")
    assert answer.code == 5
    assert "library.content[line 1]" in answer.err
    assert "library.content[line 2]" in answer.err


def test_the_box_options_reach_the_model(omtx: Omtx, library: Path) -> None:
    target = ("--model", "vina", "--target", SAMPLE / "receptor.pdb")
    far = omtx("submit", library, *target, "--box", "-500,0,0,20,20,20")
    residue = omtx("submit", library, *target, "--box-from-residues", "A:102, A:999")
    poses = omtx("submit", library, *target, "--box-from-ligand", library)
    assert [answer.code for answer in (far, residue, poses)] == [5, 5, 5]
    assert "parameters.box" in far.err
    assert "parameters.box_from_residues" in residue.err
    assert "parameters.box_from_ligand" in poses.err


def test_the_same_key_answers_the_same_batch_and_refuses_another(
    omtx: Omtx, library: Path, tmp_path: Path
) -> None:
    key = ("--idempotency-key", tmp_path.name)
    first = submitted(omtx, library, *key)
    assert submitted(omtx, library, *key) == first
    assert omtx("submit", library, "--model", "noop", "--seed", 7, *key).code == 5


def test_the_same_seed_gives_the_same_answer(omtx: Omtx, library: Path) -> None:
    def scores(seed: int) -> list[float]:
        batch = submitted(omtx, library, "--seed", seed, "--wait")
        return [row["affinity"] for row in omtx("results", batch).json["results"]]

    assert scores(1) == scores(1)
    assert scores(1) != scores(2)


def test_waiting_ends_with_the_batch(omtx: Omtx, library: Path) -> None:
    answer = omtx("submit", library, "--model", "noop", "--wait")
    assert answer.code == 0
    assert answer.json["accounting"]["completed"] == 3
    assert "3 done" in answer.err


def test_a_wait_that_times_out_leaves_the_batch_alive(omtx: Omtx, library: Path) -> None:
    slow = ("--param", "delay_seconds=5", "--wait", "--timeout", "0.5")
    answer = omtx("submit", library, "--model", "noop", *slow)
    assert answer.code == 7
    assert "lives on" in answer.err
    batch = omtx("list", "--limit", 1).json["batches"][0]
    assert batch["status"] in ("pending", "running")
    assert omtx("cancel", batch["batch_id"]).code == 0


def test_a_batch_without_success_ends_the_wait_with_nine(omtx: Omtx, library: Path) -> None:
    failing = ("--param", "failure_rate=1", "--wait")
    answer = omtx("submit", library, "--model", "noop", *failing)
    assert answer.code == 9
    assert answer.json["accounting"]["failed"] == 3
    assert "submitted 3 = 0 completed + 3 failed" in answer.err


@pytest.mark.parametrize("name", ["few.sdf", "few.sdf.gz", "few.csv.gz", "few.smi"])
def test_files_of_every_form_are_submitted(omtx: Omtx, alone: Omtx, tmp_path: Path, name: str) -> None:
    content = {
        "sdf": record("CCO", "ethanol") + record("CCN", "ethylamine"),
        "csv": "name,smiles\nethanol,CCO\nethylamine,CCN\n",
        "smi": "CCO ethanol\nCCN ethylamine\n",
    }[name.split(".")[1]].encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    for command in (omtx, alone):
        answer = command("submit", path, "--model", "noop", "--wait")
        assert answer.code == 0, answer.err
        assert answer.json["accounting"]["completed"] == 2


def test_a_large_library_is_uploaded(omtx: Omtx, alone: Omtx, tmp_path: Path) -> None:
    path = tmp_path / "large.smi"
    path.write_text("".join(f"CCO {'x' * 150}{n}\n" for n in range(9000)))
    for command in (omtx, alone):
        answer = command("submit", path, "--model", "noop")
        assert answer.code == 0, answer.err
        assert answer.json["accounting"]["submitted"] == 9000


def test_a_file_that_is_no_library_is_refused(omtx: Omtx, tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf.gz"
    path.write_bytes(b"x")
    answer = omtx("submit", path, "--model", "noop")
    assert (answer.code, ".sdf" in answer.err) == (5, True)


def test_target_may_be_repeated_for_several_structures(omtx: Omtx, tmp_path: Path, library: Path) -> None:
    second, sequence = tmp_path / "holo.pdb", tmp_path / "protein.fasta"
    second.write_bytes((SAMPLE / "receptor.pdb").read_bytes())
    sequence.write_text(">p\nMNIFEMLRIDEGLRLK\n")
    targets = ("--model", "vina", "--target", SAMPLE / "receptor.pdb", "--target")
    far = omtx("submit", library, *targets, second, "--box", "-500,0,0,20,20,20")
    mixed = omtx("submit", library, *targets, sequence, "--box", "-8,7,-1,20,20,20")

    assert (far.code, mixed.code) == (5, 5)
    assert "Structure receptor: The box does not touch" in far.err
    assert "protein.fasta is a sequence" in mixed.err


def test_a_long_library_is_checked_by_several_processes_in_a_server_and_without_one(
    omtx: Omtx, alone: Omtx, tmp_path: Path
) -> None:
    path = tmp_path / "long.smi"
    path.write_text("CCO\n" * 7000 + "C1CC(\n")
    for program in (omtx, alone):
        answer = program("submit", path, "--model", "noop")
        assert answer.code == 0, answer.err
        assert (answer.json["accounting"]["submitted"], answer.json["accounting"]["invalid"]) == (7001, 1)
        assert "line 7001:" in answer.err
    assert alone("check", path).json["chemistry_report"]["duplicates"]["count"] == 6999


def test_a_dry_run_says_what_it_takes_and_starts_nothing(omtx: Omtx, library: Path) -> None:
    before = omtx("list").json["batches"]
    answer = omtx("submit", library, "--model", "noop", "--dry-run")
    assert answer.code == 0
    assert answer.json["counts"]["to_compute"] == 3
    assert answer.json["cost"]["usd"] == 0
    assert len(omtx("list").json["batches"]) == len(before)


def test_a_dry_run_refuses_what_a_submission_refuses(omtx: Omtx, library: Path) -> None:
    answer = omtx("submit", library, "--model", "alphafold9", "--dry-run")
    assert answer.code == 5
    assert "unknown model" in answer.err
