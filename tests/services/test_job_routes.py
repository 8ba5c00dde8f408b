"""What can be asked of a single job: its log, its files by signed URL, deletion, another run."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared import wiring
from shared.domain.identity import job_id
from shared.errors import NotAllowed
from tests.services.routes_of_features import SEVERAL, SINGLE
from tests.support.chain import Chain, stored
from tests.support.functions import call
from tests.support.orders import molecule
from tests.support.screens import assert_problem, finished, opened, paths, status

STORED: dict[str, Any] = {"parameters": {"payload_bytes": 8}}
DOOMED: dict[str, Any] = {"parameters": {"failure_rate": 1.0, "failing_rounds": 1, "payload_bytes": 8}}


def test_the_log_of_a_job_comes_line_by_line(chain: Chain) -> None:
    batch_id = finished(chain, 1, **DOOMED)
    job = job_id(batch_id, 0)
    found = chain.api(f"/api/v2/jobs/{job}/logs").body
    lines = [line["raw_line"] for line in found["logs"]]
    whole = chain.api(f"/api/jobs/{job}/download/log").raw.decode().splitlines()
    assert lines == [line for line in whole if line.strip() and not line.startswith("----")]
    assert (found["log_count"], found["message"]) == (len(lines), None)
    assert {line["source"] for line in found["logs"]} >= {"head", "end"}
    errors = chain.api(f"/api/v2/jobs/{job}/logs?level=error").body["logs"]
    assert "model_error: this ligand was drawn to fail" in [line["message"] for line in errors]


def test_a_job_without_a_log_says_why(chain: Chain) -> None:
    waiting, silent = opened(chain, 1), finished(chain, 1)
    for batch_id, why in ((waiting, None), (silent, "the run left no log")):
        found = chain.api(f"/api/v2/jobs/{job_id(batch_id, 0)}/logs").body
        assert (found["logs"], found["log_count"]) == ([], 0)
        assert found["message"] == why or why is None


def test_files_are_served_by_urls_that_need_no_key_and_end(chain: Chain) -> None:
    batch_id = finished(chain, 1, **STORED)
    reply = chain.api(f"/api/v2/my-results/{job_id(batch_id, 0)}/download-info")
    assert reply.headers["Cache-Control"] == "private, no-store"
    assert {file["name"] for file in reply.body["files"]} == {"results.json", "payload.bin", "logs.txt"}
    client = httpx.Client(transport=httpx.MockTransport(stored))
    for file in reply.body["files"]:
        assert len(client.get(file["url"]).content) == file["size"]
    url = reply.body["files"][0]["url"]
    with pytest.raises(NotAllowed):
        client.put(url, content=b"x")
    chain.clock.advance(timedelta(minutes=61))
    with pytest.raises(NotAllowed):
        client.get(url)
    kept = [row for name in tables() for row in wiring.local_database().read(f"SELECT * FROM {name}")]
    assert not any(url.partition("signature=")[2] in str(tuple(row)) for row in kept)


def tables() -> list[str]:
    """The tables of the state."""
    rows = wiring.local_database().read("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [row["name"] for row in rows]


def test_a_batch_offers_its_own_artefacts_at_the_end(chain: Chain) -> None:
    batch_id = opened(chain, 2)
    assert chain.api(f"/api/v2/my-results/{batch_id}/download-info").body["files"] == []
    chain.drain()
    found = chain.api(f"/api/v2/my-results/{batch_id}/download-info").body
    assert {"summary.json", "results/batch_results.csv"} <= {file["name"] for file in found["files"]}
    assert found["primary_structure_url"] is None


def test_an_export_of_a_job_is_an_attachment_with_its_row_and_its_files(chain: Chain) -> None:
    job = job_id(finished(chain, 2, **STORED), 1)
    reply = chain.api(f"/api/jobs/{job}/export")
    assert reply.headers["Content-Disposition"] == f'attachment; filename="{job}.json"'
    assert reply.body["job"]["results"]["ligand_name"] == "ligand 1"
    assert {file["name"] for file in reply.body["files"]} == {"results.json", "payload.bin", "logs.txt"}


# delete


@pytest.mark.parametrize("route", ["/api/v2/jobs/", "/api/v2/my-results/"])
def test_a_single_prediction_is_deleted_by_the_id_of_its_job_and_twice_is_no_mistake(
    chain: Chain, route: str
) -> None:
    job = job_id(finished(chain, 1, **STORED), 0)
    first, second = (chain.api(f"{route}{job}", "DELETE") for _ in range(2))
    assert (first.status, second.status) == (200, 200)
    assert first.body == second.body
    assert_problem(chain.api(f"/api/jobs/{job}"), 404)
    assert chain.api("/api/v2/results/ultra-fast").body["total"] == 0


def test_a_job_of_a_larger_batch_is_not_deleted_and_says_what_would(chain: Chain) -> None:
    batch_id = finished(chain, 2)
    reply = chain.api(f"/api/v2/jobs/{job_id(batch_id, 0)}", "DELETE")
    assert_problem(reply, 409)
    assert f"DELETE /api/v3/batches/{batch_id}" in reply.body["detail"]
    assert status(chain, batch_id)["status"] == "completed"


def test_a_prediction_that_runs_is_not_deleted(chain: Chain) -> None:
    assert_problem(chain.api(f"/api/v2/jobs/{job_id(opened(chain, 1), 0)}", "DELETE"), 409)


# retry


def test_a_failed_prediction_is_computed_again(chain: Chain) -> None:
    batch_id = finished(chain, 1, **DOOMED)
    job = job_id(batch_id, 0)
    reply = chain.api(f"/api/v1/jobs/{job}/retry", "POST")
    assert (reply.status, reply.body["status"], reply.body["round"]) == (200, "queued", 1)
    assert_problem(chain.api(f"/api/v1/jobs/{job_id(finished(chain, 1), 0)}/retry", "POST"), 409)
    chain.reconcile()
    chain.drain()
    assert chain.api(f"/api/jobs/{job}").body["status"] == "completed"
    assert_problem(chain.api(f"/api/v1/jobs/{job}/retry", "POST"), 409)


def test_one_of_several_failures_is_not_retried_alone_and_says_what_is(chain: Chain) -> None:
    batch_id = finished(chain, 2, **DOOMED)
    reply = chain.api(f"/api/v1/jobs/{job_id(batch_id, 0)}/retry", "POST")
    assert_problem(reply, 409)
    assert f"POST /api/v3/batches/{batch_id}/control/retry_failed" in reply.body["detail"]
    assert status(chain, batch_id)["status"] == "failed"


def test_the_only_failure_of_a_batch_is_retried_by_its_job(chain: Chain) -> None:
    half = {"failure_rate": 0.5, "failing_rounds": 1}
    seed = next(seed for seed in range(100) if failures(chain, seed, half) == 1)
    batch_id = finished(chain, 3, parameters=half, seed=seed)
    [failed] = [job["job_id"] for job in status(chain, batch_id)["jobs"] if job["status"] == "failed"]
    assert chain.api(f"/api/v1/jobs/{failed}/retry", "POST").status == 200
    chain.reconcile()
    chain.drain()
    assert status(chain, batch_id)["progress"]["completed"] == 3


def failures(chain: Chain, seed: int, parameters: dict[str, Any]) -> int:
    """How many of three ligands fail under a seed."""
    found: int = status(chain, finished(chain, 3, parameters=parameters, seed=seed))["progress"]["failed"]
    return found


# predict-smart


def smart(**changes: Any) -> Any:
    """Ask; what is wrong, or the answer."""
    return call("submit", "POST", "/api/v2/predict-smart", SEVERAL | changes)


def given(**ligands: Any) -> dict[str, Any]:
    """The input, with these ligands."""
    kept = {name: it for name, it in SINGLE["input_data"].items() if name != "ligand_smiles"}  # type: ignore[attr-defined]
    return kept | ligands


@pytest.mark.parametrize("name", ["ligands", "compounds", "smiles_list", "ligand_list"])
def test_several_ligands_are_a_screen_under_whatever_name(chain: Chain, name: str) -> None:
    reply = smart(input_data=given(**{name: [molecule(0), {"name": "two", "smiles": molecule(1)}]}))
    assert (reply.status, reply.body["total_jobs"]) == (202, 2)
    assert reply.body["task_type"] == "batch_protein_ligand_screening"
    assert reply.body["job_id"] == reply.body["batch_id"]


@pytest.mark.parametrize("ligand", ["CCO", {"name": "ethanol", "smiles": "CCO"}])
def test_a_list_of_one_is_a_single_prediction(chain: Chain, ligand: Any) -> None:
    reply = smart(input_data=given(ligands=[ligand]))
    assert (reply.status, reply.body["task_type"]) == (202, "protein_ligand_binding")
    assert reply.body["job_id"] == job_id(reply.body["batch_id"], 0)


def test_what_is_wrong_with_a_smart_prediction_is_said_of_its_field(chain: Chain) -> None:
    assert paths(smart(input_data=given(ligands=["CCO"], compounds=["CCN"]))) == ["compounds"]
    assert paths(smart(input_data=given())) == ["ligand_smiles"]
    assert smart(**SINGLE).status == 202
