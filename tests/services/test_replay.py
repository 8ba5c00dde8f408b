"""The same batch once more: opened from what is stored, computed anew, and compared with what was."""

from typing import Any

import pytest

from shared import wiring
from shared.catalogue import entry as catalogue
from tests.support.chain import Chain
from tests.support.functions import Reply
from tests.support.screens import answers, assert_problem, deliver_all, finished, opened, status, tell

FILES = {"parameters": {"payload_bytes": 64}}


def replay(chain: Chain, batch_id: str, **headers: str) -> Reply:
    """Ask for it."""
    return chain.submit_at(f"/api/v3/batches/replay/{batch_id}", headers)


def replayed(chain: Chain, batch_id: str) -> str:
    """The id of the replay, finished."""
    reply = replay(chain, batch_id)
    assert reply.status == 202, reply.body
    chain.drain()
    again: str = reply.body["batch_id"]
    return again


def differences(chain: Chain, batch_id: str, other: str, **more: int) -> dict[str, Any]:
    """One page of them."""
    query = "".join(f"&{name}={value}" for name, value in more.items())
    body: dict[str, Any] = chain.api(f"/api/v3/batches/{batch_id}/differences?with={other}{query}").body
    return body


def test_a_replay_has_the_same_inputs_and_seeds_and_the_same_results(chain: Chain) -> None:
    first = finished(chain, 3, invalid=1, repeated=1, seed=7, protein_sequence="MNIFEMLRIDEGLRLK", **FILES)
    again = replayed(chain, first)
    found = differences(chain, again, first)
    assert (found["replay_of"], found["compared"]) == (first, 3)
    assert (found["asked"], found["programs"], found["different"]) == ([], [], [])
    one, other = status(chain, first), status(chain, again)
    assert one["accounting"] == other["accounting"]
    manifest = chain.api(f"/api/v3/batches/{again}/artefacts/manifest.json").body
    assert manifest["replay_of"] == first
    assert chain.api(f"/api/v3/batches/{again}/verify").body["ok"]


def test_a_replay_takes_no_known_result_and_outlives_what_it_repeats(chain: Chain) -> None:
    first = finished(chain, 2, use_cache=True, **FILES)
    reply = replay(chain, first)
    again = reply.body["batch_id"]
    deliver_all(chain)
    found = answers(chain)
    assert len(found) == 2
    assert chain.api(f"/api/v3/batches/{first}", "DELETE").status == 200
    tell(chain, *found)
    chain.drain()
    assert status(chain, again)["accounting"]["completed"] == 2


def test_the_same_idempotency_key_opens_one_replay(chain: Chain) -> None:
    first = finished(chain, 1)
    one, two = (replay(chain, first, **{"Idempotency-Key": "again"}) for _ in range(2))
    assert one.body["batch_id"] == two.body["batch_id"] != first
    other = finished(chain, 1, seed=2)
    assert_problem(replay(chain, other, **{"Idempotency-Key": "again"}), 409)


def test_what_is_not_there_or_not_ones_own_cannot_be_replayed(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_problem(replay(chain, "batch_000000000000000000000000"), 404)
    first = finished(chain, 1)
    other = finished(chain, 1)
    monkeypatch.setenv("OMTX_OWNER", "somebody else")
    chain.restart()
    assert_problem(replay(chain, first), 404)
    mine = finished(chain, 1)
    assert_problem(chain.api(f"/api/v3/batches/{mine}/differences?with={other}"), 404)


def test_a_batch_whose_library_was_changed_cannot_be_replayed_and_nothing_stays_behind(chain: Chain) -> None:
    first = finished(chain, 1)
    second = finished(chain, 2)
    blobs = wiring.local_blobs()
    key = chain.ledger.batch(first).store + "/jobs-00000.jsonl.gz"
    blobs.put(key, blobs.get(chain.ledger.batch(second).store + "/jobs-00000.jsonl.gz"))
    before = set(blobs.list("batches/"))
    assert_problem(replay(chain, first), 409)
    assert set(blobs.list("batches/")) == before


def test_another_version_of_the_model_is_told_at_once_and_first(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = finished(chain, 1)
    newer = catalogue.known("noop").model_copy(update={"version": "2"})
    monkeypatch.setitem(catalogue._all(), "noop", newer)
    reply = replay(chain, first)
    chain.drain()
    said = {"field": "model_version", "before": "1", "now": "2"}
    assert reply.body["changes"] == [said]
    assert differences(chain, reply.body["batch_id"], first)["asked"] == [said]


def test_a_result_that_is_not_the_same_is_found_with_what_differs(chain: Chain) -> None:
    first = finished(chain, 3, **FILES)
    again = replay(chain, first).body["batch_id"]
    deliver_all(chain)
    odd, *others = answers(chain)
    tell(chain, odd.model_copy(update={"metrics": {"affinity": -99.0}, "versions": {"noop": "9"}}), *others)
    chain.drain()
    found = differences(chain, again, first)
    [job] = found["different"]
    assert job["job_id"] == odd.ref.job_id
    [field] = job["fields"]
    assert (field["field"], field["now"]) == ("metrics.affinity", -99.0)
    assert found["programs"] == [{"field": "noop", "before": "1", "now": "9"}]


def test_differences_come_in_pages_of_the_library(chain: Chain) -> None:
    first, other = finished(chain, 5), finished(chain, 5, seed=43)
    pages = [differences(chain, other, first, page=n, page_size=2) for n in (1, 2, 3)]
    assert [page["compared"] for page in pages] == [2, 2, 1]
    assert [job["index"] for page in pages for job in page["different"]] == [0, 1, 2, 3, 4]
    assert pages[0]["asked"] == [{"field": "seed", "before": 42, "now": 43}]
    assert [page["pagination"]["has_next"] for page in pages] == [True, True, False]


def test_a_failed_ligand_that_succeeds_now_is_a_difference(chain: Chain) -> None:
    first = finished(chain, 1, parameters={"failure_rate": 1.0, "failing_rounds": 100})
    other = finished(chain, 1)
    [job] = differences(chain, other, first)["different"]
    assert job["fields"][0] == {"field": "status", "before": "failed", "now": "completed"}


def test_batches_of_different_libraries_are_not_compared(chain: Chain) -> None:
    first, other = finished(chain, 1), opened(chain, 2)
    assert_problem(chain.api(f"/api/v3/batches/{other}/differences?with={first}"), 409)
