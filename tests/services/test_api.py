"""``api``: every route's shape, who may see what, and what a refusal looks like."""

import csv
import gzip
import io
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared import wiring
from shared.domain.identity import job_id
from shared.models.work import Envelope
from tests.support.boundaries import Fault
from tests.support.chain import Chain, chain_at
from tests.support.functions import ROOT, Reply
from tests.support.orders import noop_order
from tests.support.screens import (
    answers,
    assert_problem,
    deliver_all,
    finished,
    one_answer,
    opened,
    paths,
    status,
    store,
    tell,
)

FIELDS = {
    *("affinity_prob", "ens_affinity", "ens_prob", "ens_aff_2", "ens_prob_2", "ens_aff_1", "ens_prob_1"),
    *("iptm_score", "ligand_iptm", "complex_iplddt", "complex_ipde", "complex_plddt"),
    *("ptm_score", "plddt_score"),
}


def get(chain: Chain, batch_id: str, rest: str) -> Reply:
    """One route of a batch."""
    return chain.api(f"/api/v3/batches/{batch_id}/{rest}")


def body(chain: Chain, batch_id: str, rest: str) -> dict[str, Any]:
    """The answer of one route of a batch."""
    reply = get(chain, batch_id, rest)
    assert reply.status == 200, reply.raw
    found: dict[str, Any] = reply.body
    return found


def halfway(chain: Chain) -> str:
    """Two of five ligands completed, one running, two pending, one invalid."""
    batch_id = opened(chain, 5, invalid=1, configuration={"max_concurrent_jobs": 1})
    for _ in range(2):
        tell(chain, one_answer(chain))
        chain.clock.advance(timedelta(seconds=30))
    deliver_all(chain)
    return batch_id


# health and models


def test_health_says_that_each_dependency_answers(chain: Chain) -> None:
    reply = chain.api("/health")
    assert reply.status == 200
    assert {key: reply.body[key] for key in ("status", "database", "storage")} == {
        "status": "ok",
        "database": "ok",
        "storage": "ok",
    }
    assert datetime.fromisoformat(reply.body["timestamp"]) == chain.clock.now()


@pytest.mark.parametrize("where", ["ledger.batch", "blobs.stat"])
def test_health_is_bad_when_a_dependency_is(chain: Chain, where: str) -> None:
    chain.boundaries.plan = lambda number, name: Fault.FAIL_BEFORE if name == where else None
    assert_problem(chain.api("/health"), 503)


def test_a_model_is_described_with_its_figures_and_the_schema_of_its_parameters(chain: Chain) -> None:
    models = {model["id"]: model for model in chain.api("/api/v2/models").body["models"]}
    assert set(models) == {"noop", "vina"}
    vina = chain.api("/api/v2/models/vina").body
    assert vina == models["vina"]
    assert vina["metrics"]["affinity"]["direction"] == "lower is stronger"
    number, rule = vina["parameters"]["properties"]["exhaustiveness"]["anyOf"]
    assert (number["maximum"], rule["const"]) == (64, "auto")
    assert (models["noop"]["test_model"], vina["test_model"]) == (True, False)


def test_an_unknown_model_is_not_found(chain: Chain) -> None:
    assert_problem(chain.api("/api/v2/models/alphafold9"), 404)


# status


def test_the_status_has_the_shape_that_users_know(chain: Chain) -> None:
    found = status(chain, halfway(chain))
    assert set(found) >= {
        *("batch_id", "batch_name", "status", "created_at", "updated_at", "progress", "total_jobs", "jobs"),
        *("insights", "performance_metrics", "execution_plan", "estimated_completion", "accounting"),
    }
    assert set(found["progress"]) >= {
        *("total", "completed", "failed", "running", "pending", "progress_percentage", "success_rate")
    }
    assert set(found["insights"]) >= {"batch_health", "estimated_completion_time", "performance_metrics"}
    for job in found["jobs"]:
        assert set(job) >= {
            *("job_id", "name", "status", "ligand_name", "ligand_smiles", "created_at", "started_at"),
            *("completed_at", "error_message", "results_available"),
        }


def test_the_status_counts_every_row_and_names_every_state(chain: Chain) -> None:
    found = status(chain, halfway(chain))
    assert found["status"] == "running"
    assert [job["status"] for job in found["jobs"]] == [
        "completed",
        "completed",
        "running",
        "pending",
        "pending",
    ]
    assert found["accounting"] == {
        **{"submitted": 6, "completed": 2, "failed": 0, "invalid": 1, "filtered": 0, "cancelled": 0},
        **{"pending": 2, "queued": 0, "running": 1},
    }
    assert found["invariant_holds"]
    assert found["progress"]["progress_percentage"] == 50.0
    assert found["estimated_completion"] == 90.0
    assert found["performance_metrics"]["jobs_per_minute"] == 2.0


def test_a_job_that_waits_is_queued_and_one_that_runs_has_begun(chain: Chain) -> None:
    batch_id = opened(chain, 2)
    assert status(chain, batch_id)["status"] == "pending"
    assert {job["status"] for job in status(chain, batch_id)["jobs"]} == {"queued"}
    deliver_all(chain)
    jobs = status(chain, batch_id)["jobs"]
    assert {(job["status"], job["started_at"]) for job in jobs} == {
        ("running", chain.clock.now().isoformat())
    }


def test_a_failed_job_says_why(chain: Chain) -> None:
    batch_id = finished(chain, 1, parameters={"failure_rate": 1})
    [job] = status(chain, batch_id)["jobs"]
    assert (job["status"], job["error_message"]) == ("failed", "this ligand was drawn to fail")
    assert not job["results_available"]


def test_the_jobs_of_a_status_come_in_pages(chain: Chain) -> None:
    batch_id = opened(chain, 5)
    whole = status(chain, batch_id)["jobs"]
    pages = [body(chain, batch_id, f"status?page={page}&page_size=2") for page in (1, 2, 3, 4)]
    assert [job for page in pages for job in page["jobs"]] == whole
    assert [page["jobs_pagination"]["has_next"] for page in pages] == [True, True, False, False]


def test_a_finished_status_has_its_times_and_its_folder(chain: Chain) -> None:
    batch_id = finished(chain, 2)
    found = status(chain, batch_id)
    assert (found["status"], found["estimated_completion"]) == ("completed", 0.0)
    assert datetime.fromisoformat(found["finished_at"]) >= datetime.fromisoformat(found["updated_at"])
    assert (Path(found["artefacts_folder"]) / "manifest.json").is_file()


# list


def test_the_list_is_newest_first_in_pages_with_statistics(chain: Chain) -> None:
    batches = list[str]()
    for number in range(5):
        chain.clock.advance(timedelta(seconds=1))
        batches.append(opened(chain, number + 1))
    pages = [chain.api(f"/api/v3/batches/?limit=2&offset={offset}").body for offset in (0, 2, 4)]
    assert [batch["batch_id"] for page in pages for batch in page["batches"]] == batches[::-1]
    assert [page["pagination"]["has_more"] for page in pages] == [True, True, False]
    assert [page["pagination"]["next_offset"] for page in pages] == [2, 4, None]
    assert pages[2]["pagination"]["total"] == 5
    assert pages[0]["statistics"]["total_batches"] == 2
    assert set(pages[0]["batches"][0]) >= {
        *("id", "batch_id", "name", "status", "created_at", "model_name", "total_jobs", "completed_jobs"),
        *("failed_jobs", "running_jobs", "user_id"),
    }


def test_the_list_can_be_filtered_by_status(chain: Chain) -> None:
    done, failed = finished(chain, 2), finished(chain, 2, parameters={"failure_rate": 1})
    waiting = opened(chain, 2)
    for wanted, expected in (
        ("completed", [done]),
        ("failed", [failed]),
        ("pending", [waiting]),
        ("paused", []),
    ):
        found = chain.api(f"/api/v3/batches?status={wanted}").body
        assert [batch["batch_id"] for batch in found["batches"]] == expected
        assert found["pagination"]["total"] == len(expected)
    everything = chain.api("/api/v3/batches").body["statistics"]
    assert everything == {
        "of": "this page",
        **{"total_batches": 3, "active_batches": 1, "completed_batches": 1, "failed_batches": 1},
        "success_rate_overall": 50.0,
    }


# results


def test_final_results_are_ranked_with_every_row_and_what_the_rank_means(chain: Chain) -> None:
    found = body(chain, finished(chain, 4, invalid=1), "results")
    assert [row["rank"] for row in found["results"]] == [1, 2, 3, 4, None]
    assert all(set(row) >= FIELDS | {"affinity", "confidence", "job_id"} for row in found["results"])
    assert found["ranking"] == {
        "key": "affinity",
        "order": "ascending",
        "unit": "none",
        "direction": "lower is stronger",
    }
    assert (found["partial"], found["statistics"]["success_rate"]) == (False, 100.0)
    assert set(found["batch_summary"]) == {"name", "status", "created_at", "total_jobs", "completed_jobs"}
    assert found["pagination"]["total_results"] == 5


def test_results_come_in_pages_that_make_the_whole(chain: Chain) -> None:
    batch_id = finished(chain, 7)
    whole = body(chain, batch_id, "results")["results"]
    pages = [body(chain, batch_id, f"results?page={page}&page_size=3")["results"] for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert [row for page in pages for row in page] == whole


def test_results_of_a_running_batch_are_ranked_as_they_stand(chain: Chain) -> None:
    batch_id = halfway(chain)
    found = body(chain, batch_id, "results")
    assert found["partial"]
    assert [row["rank"] for row in found["results"]] == [1, 2, None, None, None, None]
    assert [row["status"] for row in found["results"]] == [
        *("completed", "completed", "running", "pending", "pending", "invalid")
    ]
    first, second = (row["affinity"] for row in found["results"][:2])
    assert first <= second
    assert body(chain, batch_id, "results?page=2&page_size=4")["results"] == found["results"][4:]


def test_partial_and_final_rows_agree(chain: Chain) -> None:
    batch_id = opened(chain, 4, invalid=1, parameters={"failure_rate": 0.5}, seed=3)
    deliver_all(chain)
    tell(chain, *answers(chain))
    partial = body(chain, batch_id, "results")
    chain.drain()
    final = body(chain, batch_id, "results")
    assert (partial["partial"], final["partial"]) == (True, False)
    assert partial["results"] == final["results"]


def test_results_as_csv_are_a_download_at_the_end_only(chain: Chain) -> None:
    batch_id = opened(chain, 3)
    assert_problem(get(chain, batch_id, "results?format=csv"), 409)
    chain.drain()
    reply = get(chain, batch_id, "results?format=csv")
    assert reply.headers["Content-Type"].startswith("text/csv")
    assert f'filename="{batch_id}_batch_results.csv"' in reply.headers["Content-Disposition"]
    table = list(csv.DictReader(io.StringIO(reply.raw.decode())))
    assert [row["rank"] for row in table] == ["1", "2", "3"]
    assert set(table[0]) >= FIELDS | {"smiles", "error", "ligand_name"}


# artefacts, jobs, downloads


def test_artefacts_are_listed_and_served_with_their_digest(chain: Chain) -> None:
    batch_id = finished(chain, 2, parameters={"payload_bytes": 8})
    listed = body(chain, batch_id, "artefacts")["artefacts"]
    assert {"batch_results.json", "summary.json", "manifest.json", "results/batch_results.csv"} <= {
        file["name"] for file in listed
    }
    for file in listed:
        reply = get(chain, batch_id, f"artefacts/{file['name']}")
        assert (reply.status, len(reply.raw)) == (200, file["size"])
        assert reply.headers["ETag"] == f'"{file["sha256"]}"'


@pytest.mark.parametrize(
    "name", ["nothing.json", "../state.db", "submitted/x", "jobs/../manifest.json", "%2e%2e/x"]
)
def test_only_listed_artefacts_are_served(chain: Chain, name: str) -> None:
    assert_problem(get(chain, finished(chain, 1), f"artefacts/{name}"), 404)


def test_before_the_end_there_are_no_artefacts(chain: Chain) -> None:
    batch_id = opened(chain)
    assert body(chain, batch_id, "artefacts")["artefacts"] == []
    assert_problem(get(chain, batch_id, "artefacts/manifest.json"), 409)


def with_structure(chain: Chain, envelope: Envelope) -> Envelope:
    """The answer of a model that leaves a structure and poses as well."""
    of = envelope.ref
    files = {"structure.cif": b"data_complex\n", "ligand.sdf": b"pose\n$$$$\n"}
    stored = tuple(store(of.batch_id, of.job_id, name, content) for name, content in files.items())
    return envelope.model_copy(update={"artefacts": envelope.artefacts + stored})


@pytest.fixture
def docked(chain: Chain) -> tuple[str, str]:
    """Batch and job of a finished screen whose one ligand has all its files."""
    batch_id = opened(chain, 1, parameters={"payload_bytes": 8})
    tell(chain, with_structure(chain, one_answer(chain)))
    chain.drain()
    return batch_id, job_id(batch_id, 0)


MEDIA = {"cif": ("chemical/x-cif", b"data_complex\n"), "sdf": ("chemical/x-mdl-sdfile", b"pose\n$$$$\n")}


@pytest.mark.parametrize("wanted", MEDIA)
def test_a_file_of_a_job_is_downloaded_as_what_it_is(
    chain: Chain, docked: tuple[str, str], wanted: str
) -> None:
    batch_id, job = docked
    media, content = MEDIA[wanted]
    for path in (
        f"/api/jobs/{job}/download/{wanted}",
        f"/api/v2/jobs/{job}/download/{wanted}",
        f"/api/v3/batches/{batch_id}/jobs/{job}/download/{wanted}",
    ):
        reply = chain.api(path)
        assert (reply.status, reply.headers["Content-Type"], reply.raw) == (200, media, content)
        disposition = reply.headers["Content-Disposition"]
        assert re.fullmatch(rf'attachment; filename="\w+_T4_lysozyme\w*_1_\w+\.{wanted}"', disposition)


def test_the_result_of_a_job_is_downloaded_as_json(chain: Chain, docked: tuple[str, str]) -> None:
    reply = chain.api(f"/api/jobs/{docked[1]}/download/json")
    assert reply.body["job_id"] == docked[1]
    assert reply.body["test_model"]


def test_a_row_says_that_there_is_a_structure(chain: Chain, docked: tuple[str, str]) -> None:
    [row] = body(chain, docked[0], "results")["results"]
    assert (row["has_results"], row["has_structure"]) == (True, True)


def test_a_download_that_cannot_be_is_refused_for_what_it_is(chain: Chain, docked: tuple[str, str]) -> None:
    batch_id, job = docked
    assert paths(chain.api(f"/api/jobs/{job}/download/exe")) == ["format"]
    other = finished(chain, 1)
    assert_problem(chain.api(f"/api/v3/batches/{other}/jobs/{job}/download/cif"), 404)
    assert_problem(chain.api(f"/api/jobs/{job_id(other, 0)}/download/cif"), 404)
    assert_problem(chain.api(f"/api/jobs/{job_id(opened(chain), 0)}/download/cif"), 409)
    failed = finished(chain, 1, parameters={"failure_rate": 1})
    assert_problem(chain.api(f"/api/jobs/{job_id(failed, 0)}/download/cif"), 409)
    assert batch_id


@pytest.mark.parametrize("prefix", ["/api/jobs", "/api/v2/jobs"])
def test_a_job_is_found_by_its_id_in_every_state(chain: Chain, prefix: str) -> None:
    batch_id = halfway(chain)
    states = list[str]()
    for position in range(5):
        found = chain.api(f"{prefix}/{job_id(batch_id, position)}").body
        assert (found["id"], found["batch_parent_id"], found["batch_index"]) == (
            found["job_id"],
            batch_id,
            position,
        )
        assert (found["results"] is not None) == (found["status"] == "completed")
        states.append(found["status"])
    assert states == ["completed", "completed", "running", "pending", "pending"]


def test_a_tampered_job_id_is_not_found(chain: Chain) -> None:
    job = job_id(opened(chain, 3), 1)
    last = "2" if job[-1] == "1" else "1"
    for other in (f"{job[:-1]}{last}", f"{job}0", f"{job[:-1]}7", job.upper(), job[4:], f"{job}%20", "x"):
        assert_problem(chain.api(f"/api/jobs/{other}"), 404)


def test_a_job_beyond_the_library_is_not_found(chain: Chain) -> None:
    batch_id = opened(chain, 3)
    assert_problem(chain.api(f"/api/jobs/{job_id(batch_id, 3)}"), 404)
    assert_problem(chain.api(f"/api/jobs/{job_id('batch_' + '0' * 24, 0)}"), 404)


# verify


def verified(chain: Chain, batch_id: str) -> dict[str, Any]:
    """The audit."""
    return body(chain, batch_id, "verify")


def test_an_honest_batch_is_verified_with_everything_counted(chain: Chain) -> None:
    batch_id = finished(chain, 5, invalid=1, parameters={"failure_rate": 0.4, "payload_bytes": 8}, seed=3)
    found = verified(chain, batch_id)
    assert (found["ok"], found["problems"], found["problem_count"]) == (True, [], 0)
    assert found["outcomes_counted"] == 5
    folders = (f"batches/{batch_id}/", f"archive/{batch_id}/")
    stored = [key for folder in folders for key in wiring.local_blobs().list(folder)]
    inputs = list(wiring.local_blobs().list(f"batches/{batch_id}/submitted/"))
    assert found["artefacts_checked"] == len(stored) - len(inputs)


def test_a_batch_at_work_is_verified_as_it_stands(chain: Chain) -> None:
    found = verified(chain, halfway(chain))
    assert (found["ok"], found["status"], found["outcomes_counted"]) == (True, "running", 2)


@pytest.mark.parametrize(
    "name",
    ["summary.json", "manifest.json", "results/results.parquet", "results/rows-00000.jsonl.gz", "jobs"],
)
@pytest.mark.parametrize("deed", ["tampered", "missing"])
def test_a_tampered_or_missing_artefact_is_found_by_name(chain: Chain, name: str, deed: str) -> None:
    batch_id = finished(chain, 2, parameters={"payload_bytes": 8})
    key = f"batches/{batch_id}/{name}"
    if name == "jobs":
        key = f"{key}/{job_id(batch_id, 1)}/payload.bin"
    content = wiring.local_blobs().get(key)
    wiring.local_blobs().delete(key)
    if deed == "tampered":
        wiring.local_blobs().put(key, content[:-1] + bytes([content[-1] ^ 1]))
    found = verified(chain, batch_id)
    assert not found["ok"]
    [problem] = found["problems"]
    assert problem.startswith(f"{key} is {'missing' if deed == 'missing' else 'not what was stored'}")


COUNTERS = {
    "completed": "1 outcomes are completed, the counters say 2",
    "failed": "0 outcomes are failed, the counters say 1",
    "cancelled": "0 outcomes are cancelled, the counters say 1",
}


@pytest.mark.parametrize("kind", COUNTERS)
def test_a_tampered_counter_is_found(chain: Chain, kind: str) -> None:
    batch_id = finished(chain, 1)
    wiring.local_database().write(
        lambda connection: (
            connection.execute(f"UPDATE nodes SET {kind} = {kind} + 1 WHERE level = 0").rowcount
        )
    )
    found = verified(chain, batch_id)
    assert not found["ok"]
    assert COUNTERS[kind] in found["problems"]
    assert any("does not add up" in problem for problem in found["problems"])


def test_a_lost_outcome_is_found(chain: Chain) -> None:
    batch_id = finished(chain, 3)
    wiring.local_database().write(
        lambda connection: connection.execute("DELETE FROM outcomes WHERE position = 1").rowcount
    )
    assert verified(chain, batch_id)["problems"] == ["2 outcomes are completed, the counters say 3"]


@pytest.mark.parametrize("deed", [None, b"", b"not packed", "not a row", ""], ids=repr)
@pytest.mark.parametrize("rows", ["jobs", "rejected"])
def test_a_library_that_was_lost_or_spoilt_is_found(
    chain: Chain, rows: str, deed: bytes | str | None
) -> None:
    batch_id = finished(chain, 2, invalid=1)
    key = f"{chain.ledger.batch(batch_id).store}/{rows}-00000.jsonl.gz"
    wiring.local_blobs().delete(key)
    if deed is not None:
        content = gzip.compress(deed.encode()) if isinstance(deed, str) else deed
        wiring.local_blobs().put(key, content)
    [problem] = verified(chain, batch_id)["problems"]
    assert problem.startswith(("the library cannot be read", "the library holds"))


def test_an_altered_row_of_the_library_is_found(chain: Chain) -> None:
    batch_id = finished(chain, 2)
    key = f"{chain.ledger.batch(batch_id).store}/jobs-00000.jsonl.gz"
    blobs = wiring.local_blobs()
    blobs.put(key, gzip.compress(gzip.decompress(blobs.get(key)).replace(b"ligand 1", b"ligand 9")))
    assert verified(chain, batch_id)["problems"] == [
        "the library is not what was submitted: its digest differs"
    ]


def test_a_tampered_target_is_found(chain: Chain) -> None:
    target = ROOT / "examples" / "t4l_l99a"
    box = json.loads((target / "box.json").read_text())
    order = noop_order(
        1,
        model_name="vina",
        protein_structure=(target / "receptor.pdb").read_text(),
        parameters={"box": {"center": box["center"], "size": box["size"]}},
    )
    batch_id = chain.submit(order).body["batch_id"]
    assert verified(chain, batch_id)["ok"]
    wiring.local_blobs().put(chain.ledger.batch(batch_id).inputs["structure"].key, b"another protein")
    [problem] = verified(chain, batch_id)["problems"]
    assert "structure is not what was stored" in problem


# who may see what, and refusals

READS = ("status", "results", "verify", "artefacts", "artefacts/summary.json")


def test_another_owners_batch_does_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMTX_OWNER", "ada")
    with chain_at(tmp_path) as chain:
        batch_id = finished(chain, 1, parameters={"payload_bytes": 8})
        job = job_id(batch_id, 0)
        monkeypatch.setenv("OMTX_OWNER", "ben")
        wiring.reset()
        for read in READS:
            reply = get(chain, batch_id, read)
            assert_problem(reply, 404)
            assert reply.body["detail"] == f"no batch {batch_id}"
        assert_problem(chain.api(f"/api/v3/batches/{batch_id}/control/cancel", "POST"), 404)
        assert_problem(chain.api(f"/api/jobs/{job}"), 404)
        assert_problem(chain.api(f"/api/jobs/{job}/download/json"), 404)
        assert chain.api("/api/v3/batches").body["batches"] == []


def test_the_same_key_of_another_owner_is_another_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with chain_at(tmp_path) as chain:
        batches = set[str]()
        for owner in ("ada", "ben"):
            monkeypatch.setenv("OMTX_OWNER", owner)
            wiring.reset()
            batches.add(chain.submit(noop_order(2), key="k1").body["batch_id"])
        assert len(batches) == 2


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("batch_id", ["batch_" + "0" * 24, "x", "..", "batch_%00", "a" * 3000])
def test_an_unknown_batch_is_not_found(chain: Chain, read: str, batch_id: str) -> None:
    assert_problem(get(chain, batch_id, read), 404)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nothing",
        "/api/v3/batches/x/y",
        "/api/v3/batches/x/y/z",
        "/api//v3/batches",
        "/health/x",
        "/%00",
    ],
)
def test_an_unknown_route_is_not_found(chain: Chain, path: str) -> None:
    assert_problem(chain._call("api", "GET", path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/health", "GET"),
        ("DELETE", "/api/v3/batches", "GET"),
        ("GET", "/api/v3/batches/x", "DELETE"),
        ("PUT", "/api/v3/batches/x/status", "GET"),
        ("GET", "/api/v3/batches/x/control/cancel", "POST"),
        ("PATCH", "/api/jobs/x", "GET"),
    ],
)
def test_a_method_that_a_route_does_not_have_is_not_allowed(
    chain: Chain, method: str, path: str, allowed: str
) -> None:
    reply = chain.api(path, method)
    assert_problem(reply, 405)
    assert allowed in reply.body["detail"]
    assert allowed in reply.headers["Allow"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/v3/batches?limit=0", "limit"),
        ("/api/v3/batches?limit=201", "limit"),
        ("/api/v3/batches?limit=ten", "limit"),
        ("/api/v3/batches?offset=-1", "offset"),
        ("/api/v3/batches?status=done", "status"),
        ("/api/v3/batches/{}/status?page=0", "page"),
        ("/api/v3/batches/{}/status?page_size=1502", "page_size"),
        ("/api/v3/batches/{}/results?page_size=0", "page_size"),
        ("/api/v3/batches/{}/results?page=" + "9" * 5000, "page"),
        ("/api/v3/batches/{}/results?format=xml", "format"),
    ],
)
def test_a_bad_query_is_refused_by_name(chain: Chain, path: str, field: str) -> None:
    assert paths(chain.api(path.format(opened(chain)))) == [field]


def test_a_backend_that_is_down_is_said_to_be_unavailable_for_now(chain: Chain) -> None:
    batch_id = opened(chain)
    chain.boundaries.plan = lambda number, name: Fault.FAIL_BEFORE
    reply = get(chain, batch_id, "status")
    assert_problem(reply, 503)
    assert reply.headers["Retry-After"] == "1"


def test_a_failure_inside_is_answered_with_an_incident_and_nothing_else(chain: Chain) -> None:
    batch_id = opened(chain)

    def break_down(number: int, name: str) -> Fault | None:
        raise LookupError("secret inside")

    chain.boundaries.plan = break_down
    reply = get(chain, batch_id, "status")
    assert_problem(reply, 500)
    assert b"secret" not in reply.raw
    assert "incident" in reply.body["detail"]
