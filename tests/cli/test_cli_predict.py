"""``omtx predict`` and ``omtx tasks``: by task, with the fields of its form."""

import json
from pathlib import Path

import pytest

from tests.cli.program import Omtx

SEQUENCE = "MNIFEMLRIDEGLRLK"
TARGET = ("--input", "target_name=PD-L1", "--input", "hotspot_residues=A:54")


def test_the_result_of_one_prediction_is_printed(omtx: Omtx) -> None:
    given = ("--input", f"protein_sequence={SEQUENCE}", "--model", "noop", "--wait")
    answer = omtx("predict", "protein_structure", *given)
    assert answer.code == 0, answer.err
    [row] = answer.json["results"]
    assert (row["kind"], row["status"]) == ("target", "completed")
    assert answer.json["accounting"]["completed"] == 1
    assert omtx("status", answer.json["batch_id"]).json["batch_name"] == "protein structure"


def test_without_a_wait_the_batch_is_named(omtx: Omtx) -> None:
    given = ("--input", f"protein_sequence={SEQUENCE}", "--model", "noop", "--name", "mine", "--seed", 7)
    answer = omtx("predict", "protein_structure", *given)
    assert answer.code == 0, answer.err
    assert set(answer.json) == {"batch_id", "accounting"}
    batch = answer.json["batch_id"]
    assert omtx("watch", batch).code == 0
    assert omtx("status", batch).json["batch_name"] == "mine"


def test_fields_come_from_pairs_and_files_as_the_form_reads_them(omtx: Omtx, tmp_path: Path) -> None:
    (tmp_path / "target.pdb").write_text("HEADER    x\n" * 9)
    (tmp_path / "input.json").write_text(json.dumps({"num_designs": 3, "target_chain": "B"}))
    files = ("--input-file", tmp_path / "input.json", "--input", f"target_pdb_content=@{tmp_path}/target.pdb")
    answer = omtx(
        "predict", "nanobody_design", *files, *TARGET, "--input", "num_designs=6", "--model", "noop"
    )
    assert answer.code == 0, answer.err
    batch = answer.json["batch_id"]
    assert omtx("watch", batch).code == 0
    rows = omtx("results", batch).json["results"]
    assert sum(row["item"]["designs"] for row in rows) == 6


def test_a_sequence_that_looks_like_a_number_or_a_word_stays_text(omtx: Omtx) -> None:
    answer = omtx("predict", "protein_structure", "--input", "protein_sequence=12345678901", "--dry-run")
    assert answer.code == 5
    assert "must be a text" not in answer.err


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (("folding",), "no task 'folding'", 4),
        (("protein_structure",), "protein_sequence: must be given", 5),
        (("protein_structure", "--input", "colour=red"), "colour: protein_structure has no such field", 5),
        (("protein_structure", "--input", "protein_sequence"), "write KEY=VALUE", 5),
        (("protein_structure", "--input", "protein_sequence=@none.fasta"), "none.fasta", 5),
        (("protein_structure", "--input-file", "none.json"), "none.json", 5),
        (
            ("nanobody_design", *TARGET, "--input", "num_designs=many"),
            "num_designs: must be a whole number",
            5,
        ),
    ],
)
@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_what_is_refused_names_the_field_whether_or_not_it_is_only_checked(
    omtx: Omtx, arguments: tuple[str, ...], said: str, code: int, dry: tuple[str, ...]
) -> None:
    answer = omtx("predict", *arguments, "--model", "noop", *dry)
    assert answer.code == code
    assert said in answer.err
    assert answer.out == ""


def test_a_dry_run_starts_nothing(omtx: Omtx) -> None:
    before = omtx("list", "--limit", 1).json["batches"]
    given = ("--input", f"protein_sequence={SEQUENCE}", "--model", "noop", "--dry-run")
    assert omtx("predict", "protein_structure", *given).json == {"valid": True, "errors": []}
    assert omtx("list", "--limit", 1).json["batches"] == before


def test_tasks_are_listed_with_who_does_them_and_the_reason_where_nobody_does(omtx: Omtx) -> None:
    listed = {it["task_id"]: it for it in omtx("tasks").json["tasks"]}
    assert len(listed) == 11
    missing = listed["binding_site_prediction"]
    assert not missing["available"]
    assert "needs a GPU" in missing["reason"]
    answer = omtx("predict", "binding_site_prediction", "--input", f"protein_sequence={SEQUENCE}")
    assert answer.code == 5
    assert "needs a GPU" in answer.err


def test_one_task_is_shown_with_its_fields(omtx: Omtx) -> None:
    shown = omtx("tasks", "variant_comparison").json
    assert [it["id"] for it in shown["input_fields"]][:2] == ["wildtype_sequence", "variants"]
    assert omtx("tasks", "folding").code == 4
