"""``omtx migrate``: what becomes of every oddity of the older system."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from shared import wiring
from tests.cli.program import Omtx
from tests.support.old_tree import CIF, OldTree, figures, odd_tree
from tests.unit.test_schemas import assert_fits


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A source with every oddity."""
    return odd_tree(tmp_path / "source").write()


def by_id(report: dict[str, Any], verdict: str) -> dict[str, str]:
    """The reasons of one list of the report by the ids of the source."""
    return {finding["id"]: finding["reason"] for finding in report[verdict]}


def batch_of(report: dict[str, Any], id: str) -> str:
    """The batch that a document became a part of."""
    return next(str(it["batch_id"]) for it in report["migrated"] if it["id"] == id)


def rows_of(omtx: Omtx, batch: str) -> dict[str, dict[str, Any]]:
    """The result rows of a batch by the ids of the source."""
    rows = omtx("results", batch, "--format", "json").json["results"]
    return {row["data"].get("source_job_id", "invalid"): row for row in rows}


def digests() -> dict[str, str]:
    """Every object of the home with its digest."""
    blobs = wiring.local_blobs()
    return {key: blobs.stat(key).sha256 for key in blobs.list("batches/")}


def test_every_oddity_ends_where_the_rules_say(omtx: Omtx, odd: Path) -> None:
    answer = omtx("migrate", odd)
    assert answer.code == 0, answer.err
    report = answer.json
    assert report["totals"] == {
        **{"documents": 23, "migrated": 16, "skipped": 7, "errors": 0},
        **{"batches": 3, "objects_without_document": 1},
    }
    skipped = by_id(report, "skipped")
    assert skipped["twin"] == "the same ligand as good-0"
    assert skipped["childless"].startswith("a batch without any child")
    assert skipped["not-begun"] == "nothing of it had ended"
    assert "'pending'" in skipped["not-begun-0"]
    assert "protein_structure" in skipped["fold"]
    assert "chai1" in skipped["chai"]
    assert skipped["nobody"] == "objects without a document"
    assert skipped["good-0"] == "is in jobs too, and is read there"
    assert "its parent is lost" in by_id(report, "migrated")["orphan-0"]
    status = omtx("status", batch_of(report, "b1")).json
    assert status["accounting_sentence"] == (
        "submitted 12 = 6 completed + 4 failed + 1 invalid + 0 filtered + 1 cancelled"
    )


def test_only_real_figures_make_a_completed_ligand_and_failures_have_none(omtx: Omtx, odd: Path) -> None:
    rows = rows_of(omtx, batch_of(omtx("migrate", odd).json, "b1"))
    completed = {id for id, row in rows.items() if row["status"] == "completed"}
    assert completed == {"good-0", "upper-case", "linked-inside", "bare", "inline", "strong"}
    errors = {id: row["error"] for id, row in rows.items() if row["status"] == "failed"}
    assert errors == {
        "zeros": {
            "class": "infrastructure",
            "message": "marked completed in the old system, but no result was stored",
        },
        "empty-hands": errors["zeros"],
        "failed": {"class": "out_of_memory", "message": "CUDA out of memory"},
        "gpu-failed": {"class": "model_error", "message": "the run died"},
    }
    for id, row in rows.items():
        assert (row["affinity"] is None) == (id not in completed), id
        assert row["has_structure"] == (id in completed), id
        assert (row["seed"], row["test_model"]) == (None, False)
    assert rows["running"]["status"] == "cancelled"
    assert rows["invalid"]["status"] == "invalid"


def test_figures_times_and_the_run_are_those_of_the_source(omtx: Omtx, odd: Path) -> None:
    rows = rows_of(omtx, batch_of(omtx("migrate", odd).json, "b1"))
    row = rows["linked-inside"]
    wanted = figures(2)["affinity_ensemble"]
    assert row["affinity"] == row["ens_affinity"] == wanted["affinity_pred_value"]
    assert row["affinity_prob"] == row["ens_prob"] == wanted["affinity_probability_binary"]
    assert row["ens_aff_2"] == wanted["affinity_pred_value2"]
    assert (row["confidence"], row["plddt_score"], row["complex_ipde"]) == (0.8, 0.85, 2.2)
    assert (row["execution_time"], row["call_id"]) == (205.5, "fc-2")
    assert row["completed_at"] == "2025-06-01T11:00:00+00:00"
    assert row["ligand_name"] == "ligand 2"
    assert rows["strong"]["affinity"] == 0.0, "a zero beside other figures of the pass is 1 µM, and stays"
    ranked = sorted((row["rank"], row["affinity_prob"]) for row in rows.values() if row["rank"])
    assert [p for _, p in ranked] == sorted((p for _, p in ranked), reverse=True)


def test_an_imported_batch_is_read_verified_and_exported_like_any_other(omtx: Omtx, odd: Path) -> None:
    report = omtx("migrate", odd).json
    for batch in {finding["batch_id"] for finding in report["migrated"]}:
        assert omtx("verify", batch).code == 0
        assert omtx("watch", batch).code == 0
        for name in ("batch_results", "summary", "manifest", "batch_index", "batch_metadata"):
            assert_fits(name, json.loads(wiring.blobs().get(f"batches/{batch}/{name}.json")))
        for key in wiring.blobs().list(f"batches/{batch}/jobs/"):
            name = key.rpartition("/")[2].removesuffix(".json")
            if name in ("results", "metadata"):
                assert_fits(name, json.loads(wiring.blobs().get(key)))
    table = list(csv.reader(io.StringIO(omtx("results", batch_of(report, "b1"), "--format", "csv").out)))
    assert len(table) == 13
    assert len(set(table[0])) == len(table[0])
    assert "library_source_job_id" in table[0]


def test_provenance_is_kept_and_no_seed_is_made_up(omtx: Omtx, odd: Path) -> None:
    report = omtx("migrate", odd).json
    manifest = json.loads(wiring.blobs().get(f"batches/{batch_of(report, 'b1')}/manifest.json"))
    assert manifest["seed"] is None
    assert manifest["batch_name"] == "screen b1"
    assert manifest["created_at"] == "2025-06-01T10:00:00+00:00"
    assert manifest["updated_at"] == "2025-06-01T11:00:00+00:00"
    assert manifest["parameters"] == {"use_msa": True}
    assert manifest["model"]["version"] == "unknown"
    told = manifest["metadata"]["migrated_from"]
    assert (told["source_id"], told["status"], told["user_id"]) == ("b1", "completed", "current_user")
    assert told["tool_version"]


def test_structures_and_the_files_of_the_source_are_copied_whole(omtx: Omtx, odd: Path) -> None:
    rows = rows_of(omtx, batch_of(omtx("migrate", odd).json, "b1"))
    folder = f"batches/{batch_of(omtx('migrate', odd, '--verify').json, 'b1')}/jobs"
    stored = wiring.blobs().get(f"{folder}/{rows['good-0']['job_id']}/structure.cif")
    assert stored == (odd / "jobs/good-0/structure.cif").read_bytes()
    stored = wiring.blobs().get(f"{folder}/{rows['good-0']['job_id']}/source_results.json")
    assert stored == (odd / "jobs/good-0/results.json").read_bytes()
    inline = wiring.blobs().get(f"{folder}/{rows['inline']['job_id']}/structure.cif")
    assert inline.decode() == CIF.format(z=1.0)


@pytest.mark.parametrize("form", ["array", "object", "files"])
def test_every_form_of_an_export_gives_the_same_batches(omtx: Omtx, tmp_path: Path, form: str) -> None:
    first = omtx("migrate", odd_tree(tmp_path / "lines").write("jsonl")).json
    before = digests()
    again = omtx("migrate", odd_tree(tmp_path / form).write(form)).json
    assert again["totals"]["migrated"] == 0
    assert {it["batch_id"] for it in again["skipped"]} - {None} == {
        it["batch_id"] for it in first["migrated"]
    }
    assert digests() == before


def test_objects_may_lie_in_a_folder_of_their_own(omtx: Omtx, tmp_path: Path) -> None:
    tree = OldTree(tmp_path / "source")
    tree.child("one", None, 0)
    tree.store("one", figures(), at="objects/jobs/{id}")
    report = omtx("migrate", tree.write("files")).json
    assert by_id(report, "migrated")["one"] == "completed; is a child without a parent"


def test_a_second_run_imports_nothing_and_says_so(omtx: Omtx, odd: Path) -> None:
    first = omtx("migrate", odd).json
    before = digests()
    again = omtx("migrate", odd)
    assert again.code == 0
    assert again.json["totals"] == {**first["totals"], "migrated": 0, "skipped": 23}
    said = by_id(again.json, "skipped") | {"good-0": batch_of(first, "good-0")}
    assert all(it["batch_id"] in said[it["id"]] for it in first["migrated"])
    assert digests() == before
    assert len(omtx("list").json["batches"]) == 3


def test_a_dry_run_tells_the_same_and_writes_nothing(omtx: Omtx, odd: Path) -> None:
    told = omtx("migrate", odd, "--dry-run").json
    assert omtx("list").json["batches"] == []
    assert digests() == {}
    done = omtx("migrate", odd).json
    assert told["totals"] == done["totals"]
    assert by_id(told, "skipped") == by_id(done, "skipped")
    for id, reason in by_id(told, "migrated").items():
        assert reason == f"would be imported as {batch_of(done, id)}: {by_id(done, 'migrated')[id]}"


def test_batches_belong_to_the_owner_that_was_named(omtx: Omtx, odd: Path) -> None:
    mine = omtx("migrate", odd, "--owner", "ada").json
    assert omtx("list").json["batches"] == []
    yours = omtx("migrate", odd).json
    assert batch_of(mine, "b1") != batch_of(yours, "b1")


def test_what_cannot_be_read_is_an_error_and_stops_nothing(omtx: Omtx, tmp_path: Path) -> None:
    tree = OldTree(tmp_path / "source")
    tree.good("good", None)
    tree.child("broken", None, 1)
    tree.store("broken", b'{"affinity": ')
    tree.child("half", "b", 0)
    tree.store("half", b"[]")
    tree.good("other", "b", 1)
    tree.good("good", None, changed=True)
    del tree.child("nameless", None)["id"]
    source = tree.write()
    with (source / "jobs.jsonl").open("a") as file:
        file.write('{"id": "cut\n[1, 2]\n')
    answer = omtx("migrate", source)
    assert answer.code == 9
    report = answer.json
    assert report["totals"]["errors"] == 6
    places = {it["place"]: it["reason"] for it in report["errors"]}
    assert "not JSON" in places["jobs.jsonl line 7"]
    assert "not a JSON object" in places["jobs.jsonl line 8"]
    assert "no id" in places["jobs.jsonl line 6"]
    assert "something else" in places["jobs.jsonl line 5"]
    assert "results.json in jobs/half is not a JSON object" in by_id(report, "errors")["half"]
    assert "results.json in jobs/broken is not JSON" in by_id(report, "errors")["broken"]
    assert set(by_id(report, "migrated")) == {"good", "other"}
    rows = rows_of(omtx, batch_of(report, "other"))
    assert {id: row["status"] for id, row in rows.items()} == {"half": "failed", "other": "completed"}


def test_a_batch_that_was_cancelled_is_cancelled_here(omtx: Omtx, tmp_path: Path) -> None:
    tree = OldTree(tmp_path / "source")
    tree.parent("b", status="Canceled")
    tree.good("done", "b", 0)
    tree.child("open", "b", 1, status="cancelled")
    report = omtx("migrate", tree.write()).json
    status = omtx("status", batch_of(report, "b")).json
    assert (status["status"], status["accounting"]["completed"]) == ("cancelled", 1)


def test_children_that_only_their_parent_names_are_found(omtx: Omtx, tmp_path: Path) -> None:
    tree = OldTree(tmp_path / "source")
    tree.good("c", None, 0, job_type=None)
    tree.parent("b", job_type=None, batch_child_ids=["c", "never-stored"])
    report = omtx("migrate", tree.write()).json
    assert batch_of(report, "b") == batch_of(report, "c")


def test_links_are_not_followed(omtx: Omtx, tmp_path: Path) -> None:
    tree = OldTree(tmp_path / "source")
    tree.child("linked", None, 0)
    tree.child("file", None, 1)
    elsewhere = tree.store("linked", figures(), at="../elsewhere/{id}")
    (tree.folder / "jobs").mkdir()
    (tree.folder / "jobs" / "linked").symlink_to(elsewhere)
    tree.store("file", None, structure=False)
    (tree.folder / "jobs" / "file" / "results.json").symlink_to(elsewhere / "results.json")
    rows = omtx("migrate", tree.write()).json
    assert "no result was stored" in by_id(rows, "migrated")["linked"]
    assert "no result was stored" in by_id(rows, "migrated")["file"]


def test_another_export_of_the_same_batch_does_not_change_it(omtx: Omtx, tmp_path: Path) -> None:
    tree = OldTree(tmp_path / "source")
    tree.parent("b")
    tree.good("one", "b", 0)
    omtx("migrate", tree.write())
    before = digests()
    tree.good("two", "b", 1)
    answer = omtx("migrate", tree.write())
    assert answer.code == 9
    assert "was imported from other documents" in by_id(answer.json, "errors")["two"]
    assert digests() == before


def test_a_batch_that_was_deleted_here_does_not_come_back(omtx: Omtx, odd: Path) -> None:
    batch = batch_of(omtx("migrate", odd).json, "b1")
    assert omtx("delete", batch, "--yes").code == 0
    again = omtx("migrate", odd)
    assert again.code == 0
    assert by_id(again.json, "skipped")["upper-case"].startswith(f"was imported as {batch} and deleted")
    assert batch not in {it["batch_id"] for it in omtx("list").json["batches"]}
    assert "deleted since" in by_id(omtx("migrate", odd, "--verify").json, "errors")["upper-case"]


def test_a_source_that_is_none_is_refused(omtx: Omtx, tmp_path: Path) -> None:
    assert "is no folder" in omtx("migrate", tmp_path / "nowhere").err
    (tmp_path / "empty").mkdir()
    answer = omtx("migrate", tmp_path / "empty")
    assert (answer.code, "neither documents nor objects" in answer.err) == (5, True)
    assert omtx("migrate", tmp_path / "empty", "--verify", "--dry-run").code == 5


class TestVerify:
    """``omtx migrate --verify``: whether all of it is here and says the same."""

    def test_it_agrees_after_an_import(self, omtx: Omtx, odd: Path) -> None:
        done = omtx("migrate", odd).json
        before = digests()
        answer = omtx("migrate", "--verify", odd)
        assert answer.code == 0
        assert answer.json["totals"] == done["totals"]
        assert digests() == before

    def test_it_finds_what_was_never_imported(self, omtx: Omtx, odd: Path) -> None:
        answer = omtx("migrate", "--verify", odd)
        assert answer.code == 9
        assert "is not in this home" in by_id(answer.json, "errors")["good-0"]

    @pytest.mark.parametrize("name", ["structure.cif", "results.json", "source_results.json"])
    def test_it_finds_a_file_that_was_altered_or_lost_here(self, omtx: Omtx, odd: Path, name: str) -> None:
        rows = rows_of(omtx, batch_of(omtx("migrate", odd).json, "b1"))
        id, lost = rows["good-0"]["job_id"], rows["upper-case"]["job_id"]
        root = wiring.local_blobs().root
        next(root.rglob(f"{id}/{name}")).write_bytes(b"altered")
        next(root.rglob(f"{lost}/{name}")).unlink()
        answer = omtx("migrate", "--verify", odd)
        assert answer.code == 9
        errors = by_id(answer.json, "errors")
        assert set(errors) == {"good-0", "upper-case"}
        assert "was altered" in errors["good-0"]
        assert "is missing" in errors["upper-case"]

    def test_it_finds_what_the_source_says_otherwise(self, omtx: Omtx, odd: Path) -> None:
        omtx("migrate", odd)
        (odd / "jobs/good-0/results.json").write_text(json.dumps(figures(9)))
        (odd / "jobs/orphan-0/results.json").unlink()
        (odd / "jobs/orphan-1/structure.cif").write_text(CIF.format(z=7.5))
        answer = omtx("migrate", "--verify", odd)
        assert answer.code == 9
        errors = by_id(answer.json, "errors")
        assert set(errors) == {"good-0", "orphan-0", "orphan-1"}
        assert "metrics" in errors["good-0"]
        assert "kind" in errors["orphan-0"]
        assert "structure.cif is not what the source holds" in errors["orphan-1"]
