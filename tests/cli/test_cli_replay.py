"""``omtx replay`` and ``omtx compare``; and that docking the same twice gives the same, to the last byte."""

from pathlib import Path

import pytest

from tests.cli.program import Omtx, submitted

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "t4l_l99a"
DOCKING = (
    *("--target", SAMPLE / "receptor.pdb", "--box=-8.12,6.98,-0.83,20,20,20"),
    *("--param", "exhaustiveness=1", "--param", "runs=2"),
)


@pytest.fixture
def aromatics(tmp_path: Path) -> Path:
    """Two small ligands of the pocket."""
    path = tmp_path / "aromatics.smi"
    path.write_text("c1ccccc1 benzene\nCc1ccccc1 toluene\n")
    return path


def test_docking_replayed_gives_the_same_scores_and_the_same_files(omtx: Omtx, aromatics: Path) -> None:
    first = omtx("submit", aromatics, *DOCKING, "--wait").json["batch_id"]
    answer = omtx("replay", first, "--wait")
    assert answer.code == 0, answer.err
    found = answer.json
    assert (found["before"], found["compared"], found["same"]) == (first, 2, True)
    assert (found["asked"], found["programs"]) == ([], [])
    rows = omtx("results", found["now"]).json["results"]
    posed = {it: omtx("results", found["now"], "--pocket", it).json["results"] for it in ("in", "out")}
    assert posed["in"] == [row for row in rows if row["metrics"]["pocket"] == "in"] != []
    assert posed["in"] + posed["out"] == rows
    assert [row["cached"] for row in rows] == [None, None]
    assert all(row["affinity"] < -3 for row in rows)


def test_docking_asked_for_again_is_taken_from_before_unless_that_is_refused(
    omtx: Omtx, aromatics: Path
) -> None:
    seed = ("--seed", 4711)
    first, known, anew = (
        omtx("submit", aromatics, *DOCKING, *seed, *more, "--wait").json["batch_id"]
        for more in ((), (), ("--no-cache",))
    )
    taken = [row["cached"] for row in omtx("results", known).json["results"]]
    assert [one["batch_id"] for one in taken] == [first, first]
    assert all(row["cached"] is None for row in omtx("results", anew).json["results"])
    # What was taken is what would have been computed, to the last byte of pose and structure.
    assert omtx("compare", anew, known).json["same"]
    assert omtx("verify", known).code == 0
    assert omtx("results", known).json["cost"]["cached_jobs"] == 2


def test_what_differs_is_listed_and_told_by_the_exit_code(omtx: Omtx, library: Path) -> None:
    first = submitted(omtx, library, "--wait", "--seed", "1")
    other = submitted(omtx, library, "--wait", "--seed", "2")
    answer = omtx("compare", first, other)
    assert (answer.code, answer.json["different_jobs"], answer.json["compared"]) == (9, 3, 3)
    assert answer.json["asked"] == [{"field": "seed", "before": 1, "now": 2}]
    fields = {one["field"] for job in answer.json["different"] for one in job["fields"]}
    assert fields == {"seed", "metrics.affinity"}
    assert "3 of 3 results" in answer.err


def test_a_replay_without_waiting_says_how_to_compare(omtx: Omtx, library: Path) -> None:
    first = submitted(omtx, library, "--wait")
    answer = omtx("replay", first)
    assert answer.code == 0
    assert f"omtx compare {first} {answer.json['batch_id']}" in answer.err


def test_screens_of_different_libraries_cannot_be_compared(
    omtx: Omtx, library: Path, aromatics: Path
) -> None:
    answer = omtx("compare", submitted(omtx, library, "--wait"), submitted(omtx, aromatics, "--wait"))
    assert (answer.code, "different libraries" in answer.err) == (5, True)
    assert omtx("replay", "batch_x").code == 4
