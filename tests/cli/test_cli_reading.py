"""Commands that look: list, status, watch, results, models."""

import csv
import io
import zipfile
from pathlib import Path

import pytest

from tests.cli.program import Omtx, submitted
from tests.support.orders import molecule

SETTLED = {"completed", "failed", "invalid", "filtered", "cancelled"}
OPEN = {"pending", "queued", "running"}


@pytest.fixture
def batch(omtx: Omtx, library: Path) -> str:
    """A finished screen."""
    return submitted(omtx, library, "--wait")


def test_status_is_the_whole_state(omtx: Omtx, batch: str) -> None:
    answer = omtx("status", batch)
    assert answer.code == 0
    assert answer.json["status"] == "completed"
    assert set(answer.json["accounting"]) == {"submitted"} | SETTLED | OPEN
    assert {"progress", "jobs", "insights", "execution_plan", "estimated_completion"} <= set(answer.json)
    assert len(answer.json["jobs"]) == 3


def test_list_shows_the_newest_first_and_pages(omtx: Omtx, library: Path) -> None:
    older, newer = submitted(omtx, library, "--wait"), submitted(omtx, library, "--wait")
    first = omtx("list", "--limit", 1).json
    second = omtx("list", "--limit", 1, "--offset", 1, "--status", "completed").json
    assert [row["batch_id"] for row in first["batches"] + second["batches"]] == [newer, older]
    assert first["pagination"]["next_offset"] == 1


def test_results_are_ranked_and_keep_the_librarys_columns(omtx: Omtx, batch: str) -> None:
    found = omtx("results", batch).json
    assert [row["rank"] for row in found["results"]] == [1, 2, 3]
    assert found["ranking"]["direction"] == "lower is stronger"
    scores = [row["affinity"] for row in found["results"]]
    assert scores == sorted(scores)
    measured = {row["ligand_name"]: row["data"]["measured"] for row in found["results"]}
    assert measured["ethanol"] == "-1.5"
    assert all(row["test_model"] for row in found["results"])


def test_results_come_as_csv(omtx: Omtx, batch: str, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(omtx("results", batch, "--format", "csv").out)))
    best = list(csv.DictReader(io.StringIO(omtx("results", batch, "--format", "csv", "--top", 1).out)))
    assert [row["rank"] for row in rows] == ["1", "2", "3"]
    assert best == rows[:1]
    file = tmp_path / "hits.csv"
    assert omtx("results", batch, "--output", file).code == 0
    assert list(csv.DictReader(io.StringIO(file.read_text()))) == rows


def test_results_come_as_a_table(omtx: Omtx, batch: str) -> None:
    answer = omtx("results", batch, "--format", "table", "--top", 2)
    assert "lower is stronger" in answer.out
    assert "and 1 more" in answer.out
    assert "submitted 3 = 3 completed" in answer.out
    assert "test model" in answer.out


def test_results_are_written_to_a_file_whole_or_not_at_all(omtx: Omtx, batch: str, tmp_path: Path) -> None:
    assert omtx("results", batch, "--output", tmp_path / "hits.json").code == 0
    assert '"rank": 1' in (tmp_path / "hits.json").read_text()
    refused = omtx("results", batch, "--output", tmp_path / "nowhere" / "hits.json")
    missing = omtx("results", "batch_nowhere", "--output", tmp_path / "none.json")
    assert (refused.code, missing.code) == (5, 4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hits.json", "library.csv"]


@pytest.mark.parametrize(("form", "begins"), [("parquet", b"PAR1"), ("zip", b"PK")])
def test_a_batch_is_saved_as_one_file(
    omtx: Omtx, batch: str, tmp_path: Path, form: str, begins: bytes
) -> None:
    file = tmp_path / f"hits.{form}"
    assert omtx("results", batch, "--output", file).code == 0
    assert file.read_bytes().startswith(begins)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_zip_with_structures_is_saved_too(omtx: Omtx, batch: str, tmp_path: Path) -> None:
    file = tmp_path / "all.zip"
    assert omtx("results", batch, "--format", "zip", "--structures", "--output", file).code == 0
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert f"{batch}/batch_results.csv" in archive.namelist()


def test_what_cannot_be_saved_is_refused_and_leaves_no_file(
    omtx: Omtx, batch: str, library: Path, tmp_path: Path
) -> None:
    running = submitted(omtx, library, delay_seconds=2)
    missing = omtx("results", batch, "--output", tmp_path / "none.sdf")
    early = omtx("results", running, "--output", tmp_path / "early.parquet")
    top = omtx("results", batch, "--format", "zip", "--top", 1, "--output", tmp_path / "top.zip")
    other = omtx("results", batch, "--format", "csv", "--structures")
    pocket = omtx("results", batch, "--format", "csv", "--pocket", "in")
    assert (missing.code, early.code, top.code, other.code, pocket.code) == (4, 5, 5, 5, 5)
    assert "--pocket does not go with csv" in pocket.err
    assert "left no poses" in missing.err
    assert "its artefacts come at the end" in early.err
    assert "--top" in top.err
    assert [path.name for path in tmp_path.iterdir()] == ["library.csv"]
    assert omtx("watch", running).code == 0


def test_without_a_server_a_batch_is_saved_too(alone: Omtx, library: Path, tmp_path: Path) -> None:
    batch = submitted(alone, library, "--wait")
    assert alone("results", batch, "--output", tmp_path / "hits.parquet").code == 0
    assert (tmp_path / "hits.parquet").read_bytes().endswith(b"PAR1")


def test_a_long_ranking_comes_in_pages(omtx: Omtx, tmp_path: Path) -> None:
    path = tmp_path / "long.smi"
    path.write_text("".join(f"{molecule(n)} ligand {n}\n" for n in range(620)))
    batch = submitted(omtx, path, "--wait")
    assert [row["rank"] for row in omtx("results", batch).json["results"]] == list(range(1, 621))
    assert len(omtx("results", batch, "--top", 7).json["results"]) == 7


def test_a_running_batch_shows_what_there_is(omtx: Omtx, library: Path) -> None:
    batch = submitted(omtx, library, delay_seconds=5)
    found = omtx("results", batch)
    assert found.json["partial"]
    assert len(found.json["results"]) == 3
    assert omtx("results", batch, "--format", "csv").code == 5
    assert omtx("watch", batch, "--timeout", "0.3").code == 7
    assert omtx("cancel", batch).code == 0
    assert omtx("watch", batch, "--timeout", "60").code == 9


def test_watching_a_finished_batch_returns_at_once(omtx: Omtx, batch: str) -> None:
    answer = omtx("watch", batch)
    assert answer.code == 0
    assert answer.json["accounting_sentence"].startswith("submitted 3 = 3 completed")


@pytest.mark.parametrize("command", ["status", "watch", "results", "cancel", "verify"])
def test_an_unknown_batch_is_four(omtx: Omtx, command: str) -> None:
    answer = omtx(command, "batch_nowhere")
    assert answer.code == 4
    assert answer.err == "omtx: no batch batch_nowhere\n"


def test_models_say_what_their_figures_mean(omtx: Omtx) -> None:
    models = {model["id"]: model for model in omtx("models").json["models"]}
    assert set(models) >= {"noop", "vina"}
    affinity = omtx("models", "vina").json["metrics"]["affinity"]
    assert affinity == models["vina"]["metrics"]["affinity"]
    assert (affinity["unit"], affinity["direction"]) == ("kcal/mol", "lower is stronger")
    assert omtx("models", "nothing").code == 4


@pytest.mark.parametrize(
    "arguments",
    [["nothing"], ["status"], ["list", "--limit", "0"], ["list", "--status", "lost"], ["up", "x"]],
)
def test_a_wrong_command_line_is_five(omtx: Omtx, arguments: list[str]) -> None:
    answer = omtx(*arguments)
    assert answer.code == 5
    assert len(answer.err.splitlines()) == 1


def test_help_documents_the_exit_codes(omtx: Omtx) -> None:
    answer = omtx("--help")
    assert answer.code == 0
    for code in ("4 no such", "5 invalid", "7 the", "9 the"):
        assert code in " ".join(answer.out.split())
