"""Quotas through the entry points: exact when many submit at once, and whole again after any crash."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared import wiring
from tests.support.boundaries import Boundaries, Fault, Killed
from tests.support.chain import Chain, chain_at
from tests.support.crowd import at_once
from tests.support.functions import Reply
from tests.support.orders import noop_order

RATES = '{"enterprise": {"submit": 1000, "overall": 5000}}'
QUOTAS = '{"enterprise": {"concurrent_batches": 2, "ligands_per_day": 10}}'


@contextmanager
def limited(
    home: Path, boundaries: Boundaries | None = None, quotas: str = QUOTAS, rates: str = RATES
) -> Iterator[Chain]:
    """A chain whose one owner has quotas."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMTX_LIMITS_ENABLED", "1")
        patch.setenv("OMTX_LIMITS_RATES", rates)
        patch.setenv("OMTX_LIMITS_QUOTAS", quotas)
        with chain_at(home, boundaries) as chain:
            yield chain


def used(chain: Chain) -> dict[str, float]:
    """By quota, as the caller reads it."""
    return {it["quota"]: it["used"] for it in chain.api("/api/v3/usage").body["quotas"]}


def batches(chain: Chain) -> list[Any]:
    """All there are."""
    found: list[Any] = chain.ledger.batches(owner=None, unfinished=False, limit=99, after=None)
    return found


def assert_exceeded(reply: Reply, quota: str, **told: Any) -> None:
    """Refused by this quota, with what is known of it."""
    body = reply.body
    assert (reply.status, body["title"], body["quota"], body["tier"]) == (
        429,
        "Quota exceeded",
        quota,
        "enterprise",
    )
    assert {name: body[name] for name in told} == told


def test_batches_at_once_are_limited_until_one_is_over(tmp_path: Path) -> None:
    with limited(tmp_path) as chain:
        first = chain.submit(noop_order(1)).body["batch_id"]
        assert chain.submit(noop_order(1)).status == 202
        refused = chain.submit(noop_order(1))
        assert_exceeded(refused, "concurrent_batches", used=2, allowed=2, resets_at=None, retry_after=None)
        assert "Retry-After" not in refused.headers
        chain.api(f"/api/v3/batches/{first}/control/cancel", "POST")
        chain.drain()
        assert chain.submit(noop_order(1)).status == 202


def test_what_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    with limited(tmp_path) as chain:
        assert_exceeded(chain.submit(noop_order(11)), "ligands_per_day", used=0, allowed=10, requested=11)
        assert batches(chain) == []
        assert list(wiring.local_blobs().list("batches/")) == []
        assert used(chain)["ligands_per_day"] == 0
        assert chain.submit(noop_order(10)).status == 202


def test_only_what_is_computed_counts(tmp_path: Path) -> None:
    with limited(tmp_path) as chain:
        assert chain.submit(noop_order(4, invalid=5, repeated=3)).status == 202
        assert used(chain) == {
            "concurrent_batches": 1,
            "ligands_per_day": 4,
            "usd_per_day": 0,
            "usd_per_month": 0,
        }


def test_an_order_that_cannot_be_used_takes_nothing(tmp_path: Path) -> None:
    with limited(tmp_path) as chain:
        assert chain.submit(noop_order(0, invalid=3)).status == 422
        assert chain.submit(noop_order(2, invalid=1, strict=True)).status == 422
        assert set(used(chain).values()) == {0}


def test_a_new_day_begins_at_midnight(tmp_path: Path) -> None:
    with limited(tmp_path) as chain:
        chain.submit(noop_order(10))
        chain.drain()
        refused = chain.submit(noop_order(1))
        assert_exceeded(refused, "ligands_per_day", used=10, resets_at="2026-01-02T00:00:00+00:00")
        assert int(refused.headers["Retry-After"]) == refused.body["retry_after"] <= 12 * 3600
        chain.clock.advance(timedelta(seconds=refused.body["retry_after"]))
        assert chain.submit(noop_order(1)).status == 202


def test_of_many_at_once_no_more_are_accepted_than_there_is_room_for(tmp_path: Path) -> None:
    with limited(tmp_path) as chain:
        replies = at_once(lambda n: chain.submit(noop_order(n % 3 + 1), key=f"k{n}"), range(12))
        assert sorted(reply.status for reply in replies) == [202] * 2 + [429] * 10
        assert len(batches(chain)) == 2


def test_the_same_order_sent_twice_counts_once(tmp_path: Path) -> None:
    with limited(tmp_path) as chain:
        replies = at_once(lambda _: chain.submit(noop_order(3), key="k"), range(6))
        assert {reply.status for reply in replies} == {202}
        assert (used(chain)["concurrent_batches"], used(chain)["ligands_per_day"]) == (1, 3)
        chain.drain()
        assert chain.submit(noop_order(3), key="k").status == 202
        assert (used(chain)["concurrent_batches"], used(chain)["ligands_per_day"]) == (0, 3)


def once(where: str, fault: Fault) -> Boundaries:
    """The fault strikes the first call of this name."""
    struck: list[int] = []

    def plan(number: int, name: str) -> Fault | None:
        if name != where or struck:
            return None
        struck.append(number)
        return fault

    return Boundaries(plan)


def test_a_submission_that_died_before_its_batch_was_opened_gives_back_after_an_hour(tmp_path: Path) -> None:
    with limited(tmp_path, once("ledger.open", Fault.KILL_BEFORE)) as chain:
        with pytest.raises(Killed):
            chain.submit(noop_order(4))
        chain.restart()
        assert (used(chain)["concurrent_batches"], used(chain)["ligands_per_day"]) == (1, 4)
        chain.clock.advance(timedelta(minutes=61))
        assert set(used(chain).values()) == {0}


@pytest.mark.parametrize("where", ["blobs.put", "ledger.open"])
@pytest.mark.parametrize("fault", [Fault.KILL_BEFORE, Fault.KILL_AFTER, Fault.FAIL_BEFORE, Fault.FAIL_AFTER])
def test_a_submission_that_broke_off_counts_once_when_it_is_sent_again(
    tmp_path: Path, fault: Fault, where: str
) -> None:
    with limited(tmp_path, once(where, fault), '{"enterprise": {"concurrent_batches": 1}}') as chain:
        try:
            assert chain.submit(noop_order(4), key="k").status == 503
        except Killed:
            chain.restart()
        assert chain.submit(noop_order(4), key="k").status == 202
        assert (used(chain)["concurrent_batches"], used(chain)["ligands_per_day"]) == (1, 4)
        assert_exceeded(chain.submit(noop_order(1)), "concurrent_batches", used=1)


def test_a_store_that_fails_costs_nothing(tmp_path: Path) -> None:
    with limited(tmp_path, once("blobs.put", Fault.FAIL_BEFORE)) as chain:
        assert chain.submit(noop_order(4)).status == 503
        assert set(used(chain).values()) == {0}


def test_a_deleted_batch_is_no_longer_counted_as_running(tmp_path: Path) -> None:
    with limited(tmp_path) as chain:
        batch_id = chain.submit(noop_order(2)).body["batch_id"]
        chain.drain()
        assert chain.api(f"/api/v3/batches/{batch_id}", "DELETE").status == 200
        assert (used(chain)["concurrent_batches"], used(chain)["ligands_per_day"]) == (0, 2)


def test_whoever_is_not_limited_reads_so(chain: Chain) -> None:
    told = chain.api("/api/v3/usage").body
    assert told == {"owner": "local", "tier": "enterprise", "limited": False, "rate_limits": [], "quotas": []}


def test_usage_shows_requests_and_quotas(tmp_path: Path) -> None:
    with limited(tmp_path, rates='{"enterprise": {"overall": 6}}') as chain:
        chain.submit(noop_order(1))
        told = chain.api("/api/v3/usage").body
        rates = {it["endpoint"]: (it["limit"], it["remaining"]) for it in told["rate_limits"]}
        assert (rates["submit"], rates["overall"], rates["status"]) == ((50, 49), (6, 4), (900, 900))
        quotas = {it["quota"]: it["allowed"] for it in told["quotas"]}
        expected = {
            "concurrent_batches": 2,
            "ligands_per_day": 10,
            "usd_per_day": 2500,
            "usd_per_month": 25000,
        }
        assert quotas == expected
