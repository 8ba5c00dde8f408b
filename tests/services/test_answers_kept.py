"""Answers about finished batches are kept: nobody else sees them, none is old, reads are bounded."""

from pathlib import Path

import pytest

from shared import wiring
from tests.support.chain import Chain, chain_at
from tests.support.orders import noop_order
from tests.support.redis_server import RedisServer
from tests.support.screens import finished, opened

READS = ("status", "results")


def reads(chain: Chain, path: str) -> list[str]:
    """The calls to the ports that one request takes."""
    before = len(chain.boundaries.met)
    assert chain.api(path).status == 200
    return [name for _, name in chain.boundaries.met[before:]]


@pytest.mark.parametrize("read", READS)
def test_of_a_finished_batch_a_repeated_answer_takes_one_read(chain: Chain, read: str) -> None:
    path = f"/api/v3/batches/{finished(chain, 3)}/{read}"
    first = chain.api(path)
    assert reads(chain, path) == ["ledger.seal"]
    assert chain.api(path).raw == first.raw


@pytest.mark.parametrize("read", READS)
def test_an_answer_takes_as_many_reads_for_a_large_batch_as_for_a_small_one(chain: Chain, read: str) -> None:
    small, large = (finished(chain, jobs) for jobs in (3, 300))
    taken = [reads(chain, f"/api/v3/batches/{it}/{read}?page_size=2") for it in (small, large)]
    assert taken[0] == taken[1]
    assert len(taken[0]) <= 12


@pytest.mark.parametrize("read", READS)
def test_of_an_open_batch_nothing_is_kept(chain: Chain, read: str) -> None:
    batch_id = opened(chain, 2)
    path = f"/api/v3/batches/{batch_id}/{read}"
    assert chain.api(path).body["accounting"]["completed"] == 0
    chain.drain()
    assert chain.api(path).body["accounting"]["completed"] == 2


@pytest.mark.parametrize("count", [1, 7])
def test_a_list_takes_as_many_reads_for_many_batches_as_for_one(chain: Chain, count: int) -> None:
    for _ in range(count):
        opened(chain, 2)
    assert reads(chain, "/api/v3/batches") == ["ledger.listed", "ledger.courses"]
    chain.drain()
    opened(chain, 2)
    assert reads(chain, "/api/v3/batches") == ["ledger.listed", "ledger.courses"]
    chain.drain()
    chain.api("/api/v3/batches")
    assert reads(chain, "/api/v3/batches") == ["ledger.listed"]


def test_a_kept_list_says_what_a_fresh_one_says(chain: Chain) -> None:
    ids = [finished(chain, 2, job_name=f"screen {number}") for number in range(3)]
    opened(chain, 2)
    fresh, kept = (chain.api("/api/v3/batches").body for _ in range(2))
    assert fresh == kept
    assert {it["batch_id"] for it in kept["batches"]} > set(ids)
    wiring.answers.cache_clear()
    assert chain.api("/api/v3/batches").body == kept


def test_a_retry_shows_at_once(chain: Chain) -> None:
    batch_id = finished(
        chain,
        3,
        parameters={"failure_rate": 1.0, "failing_rounds": 1},
        configuration={"max_retry_attempts": 1},
    )
    for read in READS:
        chain.api(f"/api/v3/batches/{batch_id}/{read}")
    assert chain.api("/api/v3/batches").body["batches"][0]["status"] == "failed"
    assert chain.api(f"/api/v3/batches/{batch_id}/control/retry_failed", "POST").status == 200
    assert chain.api(f"/api/v3/batches/{batch_id}/status").body["status"] != "failed"
    assert chain.api("/api/v3/batches").body["batches"][0]["status"] != "failed"
    chain.drain()
    assert chain.api(f"/api/v3/batches/{batch_id}/status").body["round"] == 1


def test_a_deleted_batch_is_not_shown_from_memory(chain: Chain) -> None:
    batch_id = finished(chain, 2)
    paths = [f"/api/v3/batches/{batch_id}/{read}" for read in READS]
    assert [chain.api(path).status for path in paths] == [200, 200]
    assert chain.api(f"/api/v3/batches/{batch_id}", "DELETE").status == 200
    assert [chain.api(path).status for path in paths] == [404, 404]
    assert chain.api("/api/v3/batches").body["batches"] == []


@pytest.mark.parametrize("shared", ["memory", "redis"])
def test_nobody_is_shown_what_was_kept_for_another(
    shared: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shared == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        monkeypatch.setenv("OMTX_REDIS_URL", server.url)
    monkeypatch.setenv("OMTX_OWNER", "ada")
    with chain_at(tmp_path) as chain:
        batch_id = finished(chain, 2)
        paths = [f"/api/v3/batches/{batch_id}/{read}" for read in READS]
        kept = wiring.answers()
        assert [chain.api(path).status for path in [*paths, *paths, "/api/v3/batches"]] == [200] * 5
        monkeypatch.setenv("OMTX_OWNER", "ben")
        wiring.reset()
        monkeypatch.setattr(wiring, "answers", lambda: kept)
        assert [chain.api(path).status for path in paths] == [404, 404]
        assert chain.api("/api/v3/batches").body["batches"] == []


def test_answers_are_right_while_redis_is_killed_and_started_again(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMTX_REDIS_URL", redis_server.url)
    with chain_at(tmp_path) as chain:
        path = f"/api/v3/batches/{finished(chain, 2)}/status"
        first = chain.api(path)
        assert reads(chain, path) == ["ledger.seal"]
        wiring.reset()  # another instance
        assert reads(chain, path) == ["ledger.seal"]
        redis_server.kill()
        assert chain.api(path).raw == first.raw
        assert reads(chain, path) == ["ledger.seal"]
        redis_server.start()
        assert chain.api(path).raw == first.raw
        assert chain.submit(noop_order(1)).status == 202
        assert len(chain.api("/api/v3/batches").body["batches"]) == 2
