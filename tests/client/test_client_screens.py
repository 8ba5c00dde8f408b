"""A screen from its order to its files, by the client, on a real server."""

import base64
import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import omtx
import pandas
import pyarrow.parquet
import pytest
from omtx import Client

from tests.client.flaky import Flaky

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "t4l_l99a"
SEQUENCE = (
    "MNIFEMLRIDEGLRLKIYKDTEGYYTIGIGHLLTKSPSLNAAKSELDKAIGRNTNGVITKDEAEKLFNQDVDAAVRGILRNAKLKPVYDS"
    "LDAVRRAALINMVFQMGETGVAGFTNSLRMLQQKRWDEAAVNLAKSRWYNQTPNRAKRVITTFRTGTWDAYKNL"
)


def test_a_screen_is_created_waited_for_and_ranked(client: Client, library: Path) -> None:
    screen = client.screens.create(library=library, model="noop", name="first", seed=7)
    ended = screen.wait(timeout=60)
    assert (ended.batch_name, ended.status, ended.accounting.completed) == ("first", "completed", 3)
    assert ended.is_successful
    best = screen.top(2)
    assert [row.rank for row in best] == [1, 2]
    assert {row.ligand_name for row in screen.results()} == {"ethanol", "benzene", "acetic acid"}
    assert {row.seed for row in screen.results(page_size=1)} == {row.seed for row in screen.results()}
    assert next(iter(screen.results())).job_id == best[0].job_id


def test_figures_come_with_their_unit_and_direction(client: Client, library: Path) -> None:
    screen = client.screens.create(library=library, model="noop")
    screen.wait(timeout=60)
    rows, described = screen.rows(), client.models.get("noop")
    key = described.ranking.key
    assert rows.ranking.key == key
    assert rows.unit(key) == described.metrics[key].unit != ""
    assert rows.direction(key) == described.metrics[key].direction
    assert rows[0].figures[key] == rows[0].raw[key]
    assert rows[:2].names == rows.names


def test_a_data_frame_has_a_column_for_each_figure_and_each_column_of_the_library(
    client: Client, library: Path
) -> None:
    screen = client.screens.create(library=library, model="noop")
    screen.wait(timeout=60)
    frame = screen.to_dataframe()
    assert list(frame["rank"]) == [1, 2, 3]
    measured = dict(zip(frame["name"], frame["data.measured"], strict=True))
    assert measured == {"ethanol": "-1.5", "benzene": "-3.5", "acetic acid": "-2"}
    assert frame.attrs["units"]["affinity"] == screen.rows().unit("affinity")


@pytest.mark.parametrize(
    "library",
    [
        ["CCO", "CCN"],
        {"ethanol": "CCO", "ethylamine": "CCN"},
        [{"name": "ethanol", "smiles": "CCO"}, {"name": "b", "smiles": "CCN", "note": 'a, "b"'}],
        (it for it in ["CCO", "CCN"]),
        pandas.DataFrame({"SMILES": ["CCO", "CCN"], "id": [1, 2]}),
    ],
    ids=["list", "by name", "rows", "generator", "frame"],
)
def test_a_library_may_be_what_a_program_has_in_memory(
    client: Client, library: omtx.libraries.Library
) -> None:
    screen = client.screens.create(library=library, model="noop")
    assert screen.wait(timeout=60).accounting.completed == 2
    assert {row.ligand_smiles for row in screen.results()} == {"CCO", "CCN"}


def test_large_and_compressed_libraries_are_uploaded(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "few.smi.gz"
    path.write_bytes(gzip.compress(b"CCO ethanol\nCCN ethylamine\n"))
    compressed = client.screens.create(library=path, model="noop")
    large = client.screens.create(library=[{"smiles": "CCO", "name": "x" * 150}] * 9_000, model="noop")
    assert compressed.wait(timeout=60).accounting.completed == 2
    assert large.status().accounting.submitted == 9_000


def test_a_target_may_be_a_file_or_a_sequence_longer_than_a_file_name(client: Client, tmp_path: Path) -> None:
    fasta = tmp_path / "lysozyme.fasta"
    fasta.write_text(f">p\n{SEQUENCE}\n")
    named = client.screens.create(target=fasta, library=["CCO"], model="noop")
    long = client.screens.create(target=SEQUENCE * 2, library=["CCO"], model="noop", protein_name="twice")
    assert named.status().protein_name == "lysozyme"
    assert long.status().protein_name == "twice"


def test_a_file_that_cannot_be_used_is_named_before_anything_is_sent(client: Client, tmp_path: Path) -> None:
    for library in (tmp_path / "none.csv", tmp_path / "paper.pdf", str(tmp_path / "none.sdf")):
        with pytest.raises(omtx.Unusable, match=Path(library).name):
            client.screens.create(library=library, model="noop")
    with pytest.raises(omtx.Unusable, match="empty"):
        client.screens.create(library=[], model="noop")
    with pytest.raises(omtx.Unusable, match=r"none\.pdb"):
        client.screens.create(target="none.pdb", library=["CCO"])


@pytest.fixture(scope="module")
def docked(server: str) -> Iterator[omtx.Screen]:
    """Benzene in its cavity, docked as quickly as it goes."""
    box = {"center": [-8.2, 7.1, -1.1], "size": [16, 16, 16]}
    given = {"box": box, "exhaustiveness": 1, "runs": 1}
    with Client(server) as client:
        screen = client.screens.create(
            target=SAMPLE / "receptor.pdb", library={"benzene": "c1ccccc1"}, model="vina", parameters=given
        )
        assert screen.wait(timeout=120).is_successful
        yield screen


def test_files_of_a_job_come_with_the_servers_names(docked: omtx.Screen, tmp_path: Path) -> None:
    [best] = docked.top(1)
    found, pose = docked.structure(best), docked.pose(best)
    assert (found.name.endswith(".cif"), pose.name.endswith(".sdf")) == (True, True)
    assert found.text.startswith("data_")
    assert "V2000" in pose.text
    assert found.save(tmp_path).read_bytes() == found.content == docked.structure(str(best.job_id)).content
    assert pose.save(tmp_path / "mine.sdf") == tmp_path / "mine.sdf"
    assert docked.file(best, "json").text.startswith("{")
    with pytest.raises(omtx.Invalid):
        docked.file(best, "exe")


def test_a_row_that_was_not_computed_has_no_files(client: Client) -> None:
    screen = client.screens.create(library=["CCO", "nothing"], model="noop")
    screen.wait(timeout=60)
    [row] = [it for it in screen.rows() if it.status == "invalid"]
    with pytest.raises(omtx.Unusable, match="not computed"):
        screen.structure(row)
    assert len(screen.top()) == 1


def test_exports_are_written_whole(docked: omtx.Screen, tmp_path: Path) -> None:
    screen = docked
    table = screen.export("parquet", tmp_path / "rows.parquet")
    assert pyarrow.parquet.read_table(table).num_rows == 1
    memory = io.BytesIO()
    assert screen.export("zip", memory, structures=True) is None
    assert len([it for it in zipfile.ZipFile(memory).namelist() if it.endswith(".cif")]) == 1
    assert [it.name for it in tmp_path.iterdir()] == ["rows.parquet"]
    with pytest.raises(omtx.Invalid) as refused:
        screen.export("xlsx", tmp_path / "rows.xlsx")
    assert [it.path for it in refused.value.fields] == ["format"]
    assert not list(tmp_path.glob("*xlsx*"))


def test_a_wait_that_times_out_leaves_the_screen_alive(client: Client) -> None:
    screen = client.screens.create(library=["CCO"], model="noop", parameters={"delay_seconds": 20})
    with pytest.raises(omtx.StillRunning) as waited:
        screen.wait(timeout=0.3)
    assert not waited.value.status.is_over
    screen.cancel()
    assert screen.wait(timeout=60).status == "cancelled"


def test_a_screen_is_paused_resumed_retried_verified_and_deleted(client: Client) -> None:
    failing = {"failure_rate": 1.0}
    screen = client.screens.create(library=["CCO", "CCN"], model="noop", parameters=failing)
    seen = list[omtx.Status]()
    assert screen.wait(timeout=60, progress=seen.append).status == "failed"
    assert seen[-1].accounting.failed == 2
    assert screen.retry_failed().raw["round"] == 1
    assert screen.wait(timeout=60).round == 1
    assert screen.verify().ok
    with pytest.raises(omtx.Conflict, match="over"):
        screen.pause()
    screen.delete()
    assert screen.delete().batch_id == screen.id
    with pytest.raises(omtx.NotFound):
        screen.status()


def test_screens_are_listed_page_by_page(client: Client, library: Path) -> None:
    made = [client.screens.create(library=library, model="noop").id for _ in range(3)]
    found = client.screens.list(page_size=2)
    listed = [next(found) for _ in range(3)]
    assert [it.id for it in listed] == made[::-1]
    assert listed[0].listed is not None
    assert listed[0].listed.accounting.submitted == 3


def test_an_estimate_starts_nothing(client: Client, library: Path) -> None:
    before = next(iter(client.screens.list())).id
    assert client.screens.estimate(library=library, model="noop").usd == 0
    assert client.screens.estimate(ligands=1000, model="noop").counts["to_compute"] == 1000
    assert next(iter(client.screens.list())).id == before


def test_filters_and_limits_reach_the_server(client: Client) -> None:
    light = [{"type": "rdkit_descriptor_filter", "mol_wt": {"max": 50}}]
    screen = client.screens.create(library=["CCO", "c1ccccc1"], model="noop", filters=light, max_cost_usd=1)
    assert screen.status().accounting.filtered == 1
    assert screen.accepted is not None
    assert screen.accepted.raw["rejected"][0]["smiles"] == "c1ccccc1"


def test_tasks_are_listed_checked_and_predicted(client: Client) -> None:
    assert "protein_structure" in {it.task_id for it in client.tasks.list()}
    assert client.tasks.get("protein_structure").input_fields
    wrong = client.tasks.validate("protein_structure", {})
    assert (wrong.valid, [it["path"] for it in wrong.errors]) == (False, ["protein_sequence", "job_name"])
    screen = client.predict("protein_structure", {"protein_sequence": SEQUENCE}, model="noop", name="p")
    assert screen.wait(timeout=60).accounting.completed == 1
    assert "vina" in {it.id for it in client.models.list()}


def test_what_has_no_method_can_be_asked_for(client: Client) -> None:
    assert client.ask(omtx.Request("GET", "/health"))["status"]


def test_a_server_may_be_an_application_in_this_process() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"models": []})

    with Client("http://here", transport=httpx.MockTransport(answer)) as client:
        assert client.models.list() == []


def test_what_is_no_server_of_ours_is_told(flaky: Flaky) -> None:
    with Client(flaky.url) as client:
        flaky.files["/api/v2/models"] = b"<html>"
        with pytest.raises(omtx.NoAnswer, match="does not speak"):
            client.models.list()
        flaky.files["/api/v2/models/x"] = b"{}"
        with pytest.raises(omtx.NoAnswer, match="no Model"):
            client.models.get("x")


def test_a_screen_and_a_prediction_may_have_an_address_of_their_own(client: Client, library: Path) -> None:
    secret = "whsec_" + base64.b64encode(b"a secret of this batch's own").decode()
    address: dict[str, Any] = {"webhook_url": "https://hooks.example.org/run", "webhook_secret": secret}
    screen = client.screens.create(library=library, model="noop", webhook_milestones=(50,), **address)
    assert screen.accepted is not None
    name = screen.accepted.webhook_id
    found = client.ask(omtx.calls.get(f"/api/v3/webhooks/{name}"))
    assert (found["batch_id"], found["milestones"]) == (screen.id, [50])
    task = {"protein_name": "p", "protein_sequence": SEQUENCE, "ligand_smiles": "CCO"}
    single = client.predict("protein_ligand_binding", task, name="one", model="noop", **address)
    assert single.accepted is not None
    assert single.accepted.webhook_id not in (None, name)
