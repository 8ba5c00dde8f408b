"""What was computed once is not computed again, for the same owner; and it is told as what it is."""

import json
from datetime import timedelta
from typing import Any

import pytest

from shared import wiring
from tests.faults.audit import Witness, audit
from tests.support.boundaries import Fault
from tests.support.chain import Chain
from tests.support.screens import answers, deliver_all, finished, opened, status, tell

FILES = {"parameters": {"payload_bytes": 64}}


def screened(chain: Chain, ligands: int = 3, **changes: Any) -> str:
    """A screen that keeps its results and takes those there are; it leaves files."""
    return finished(chain, ligands, **{**FILES, "use_cache": True, **changes})


def rows(chain: Chain, batch_id: str) -> list[dict[str, Any]]:
    """The rows of the results in the order of the library."""
    found = chain.api(f"/api/v3/batches/{batch_id}/results").body["results"]
    return sorted(found, key=lambda row: row["index"])


def runs(chain: Chain, ligands: int = 3, **changes: Any) -> tuple[str, int]:
    """A further screen, and how many runs it needs; it is finished."""
    batch_id = opened(chain, ligands, **{**FILES, "use_cache": True, **changes})
    deliver_all(chain)
    found = answers(chain)
    tell(chain, *found)
    chain.drain()
    return batch_id, len(found)


def cached(chain: Chain, batch_id: str) -> int:
    return sum(row["cached"] is not None for row in rows(chain, batch_id))


def test_the_same_question_is_answered_without_a_run(chain: Chain) -> None:
    first = screened(chain)
    again, count = runs(chain, job_name="another name")
    assert count == 0
    for before, after in zip(rows(chain, first), rows(chain, again), strict=True):
        assert (after["affinity"], after["seed"], after["test_model"]) == (
            before["affinity"],
            before["seed"],
            True,
        )
        assert after["job_id"] != before["job_id"]
        assert (after["cached"]["batch_id"], after["cached"]["job_id"]) == (first, before["job_id"])
        assert (after["execution_time"], after["call_id"]) == (None, None)
        assert before["cached"] is None


def test_what_was_saved_is_told_in_summary_cost_table_and_manifest(chain: Chain) -> None:
    screened(chain, 2)
    again, _ = runs(chain, 3)
    told = chain.api(f"/api/v3/batches/{again}/results").body["cost"]
    assert told["cached_jobs"] == 2
    assert told["saved_seconds"] >= 0
    artefact = f"/api/v3/batches/{again}/artefacts"
    assert json.loads(chain.api(f"{artefact}/summary.json").raw)["performance"]["cached_results"] == 2
    assert json.loads(chain.api(f"{artefact}/manifest.json").raw)["cached_results"] == 2
    table = chain.api(f"{artefact}/results/batch_results.csv").raw.decode()
    assert sum(row["cached"]["job_id"] in table for row in rows(chain, again) if row["cached"]) == 2


def test_files_are_copies_that_name_their_own_job_and_outlive_the_first_batch(chain: Chain) -> None:
    first = screened(chain, 1)
    again, count = runs(chain, 1)
    assert count == 0
    assert chain.api(f"/api/v3/batches/{first}", "DELETE").status == 200
    chain.reconcile()
    [row] = rows(chain, again)
    files = {file["name"]: file for file in chain.api(f"/api/v2/jobs/{row['job_id']}").body["files"]}
    assert set(files) == {"results.json", "payload.bin"}
    document = json.loads(wiring.local_blobs().get(files["results.json"]["key"]))
    assert (document["job_id"], document["batch_id"]) == (row["job_id"], again)
    assert wiring.local_blobs().stat(files["payload.bin"]["key"]).sha256 == files["payload.bin"]["sha256"]
    assert chain.api(f"/api/v3/batches/{again}/verify").body["ok"]


def test_a_result_that_was_taken_serves_no_third_batch_once_the_first_is_deleted(chain: Chain) -> None:
    first = screened(chain, 1)
    runs(chain, 1)
    assert chain.api(f"/api/v3/batches/{first}", "DELETE").status == 200
    third, count = runs(chain, 1)
    assert (count, cached(chain, third)) == (1, 0)
    # Which is from then on what answers.
    assert runs(chain, 1)[1] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 43},
        {"parameters": {"payload_bytes": 65}},
        {"protein_sequence": "MNIFEMLRIDEGLRLK"},
        {"task_type": "drug_discovery"},
        {"use_cache": False},
        {"use_cache": None},
    ],
)
def test_any_other_question_is_computed(chain: Chain, changes: dict[str, Any]) -> None:
    screened(chain, 2)
    batch_id, count = runs(chain, 2, **changes)
    assert (count, cached(chain, batch_id)) == (2, 0)


def test_another_owner_never_gets_it(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    screened(chain, 1)
    monkeypatch.setenv("OMTX_OWNER", "somebody else")
    chain.restart()
    batch_id, count = runs(chain, 1)
    assert (count, cached(chain, batch_id)) == (1, 0)


def test_failures_are_not_kept_and_a_retry_computes(chain: Chain) -> None:
    doomed = {"parameters": {"failure_rate": 1.0, "failing_rounds": 1, "payload_bytes": 64}}
    first = screened(chain, 2, **doomed)
    assert status(chain, first)["status"] == "failed"
    batch_id, count = runs(chain, 2, **doomed)
    assert count == 2
    assert chain.api(f"/api/v3/batches/{batch_id}/control/retry_failed", "POST").status == 200
    chain.drain()
    assert [row["status"] for row in rows(chain, batch_id)] == ["completed"] * 2
    assert cached(chain, batch_id) == 0


@pytest.mark.parametrize("spoil", ["lost", "changed"])
def test_a_result_whose_file_is_lost_or_changed_is_computed(chain: Chain, spoil: str) -> None:
    first = screened(chain, 1)
    [row] = rows(chain, first)
    key = f"batches/{first}/jobs/{row['job_id']}/payload.bin"
    if spoil == "lost":
        wiring.local_blobs().delete(key)
    else:
        wiring.local_blobs().put(key, b"x" * 64)
    batch_id, count = runs(chain, 1)
    assert (count, cached(chain, batch_id)) == (1, 0)
    assert chain.api(f"/api/v3/batches/{batch_id}/verify").body["ok"]


def test_duplicates_of_the_message_settle_a_known_ligand_once(chain: Chain) -> None:
    screened(chain, 2)
    witness = Witness()
    chain.boundaries.seen = witness.see
    batch_id = opened(chain, 2, **FILES, use_cache=True)
    for delivery in chain.leased():
        chain.deliver(delivery)
        chain.settle_delivery(delivery, chain.deliver(delivery))
    for delivery in chain.leased():
        chain.deliver(delivery)
        chain.settle_delivery(delivery, chain.deliver(delivery))
    chain.drain()
    assert cached(chain, batch_id) == 2
    audit(chain, batch_id, witness)


def test_a_store_that_does_not_answer_delays_a_known_ligand_and_loses_nothing(chain: Chain) -> None:
    screened(chain, 1)
    batch_id = opened(chain, 1, **FILES, use_cache=True)
    chain.boundaries.plan = lambda number, name: Fault.FAIL_BEFORE if name == "blobs.get" else None
    deliver_all(chain)
    chain.boundaries.plan = lambda number, name: None
    assert chain.ledger.outcomes(batch_id, 0, limit=9) == []
    chain.clock.advance(timedelta(seconds=5))  # the message comes again, well before any lease ends
    chain.drain(reconciling=False)
    assert cached(chain, batch_id) == 1


def test_the_window_moves_on_over_known_ligands(chain: Chain) -> None:
    screened(chain, 6)
    narrow = {"configuration": {"max_concurrent_jobs": 1, "scheduling_strategy": "sequential"}}
    batch_id = screened(chain, 8, **narrow)
    assert status(chain, batch_id)["accounting"]["completed"] == 8
    assert cached(chain, batch_id) == 6
