"""Whoever comes without a good key is counted by address, and refused before keys are looked up."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from shared.adapters.local.keys import SqliteKeys
from shared.models.access import ApiKey, Scope
from tests.support.chain import Chain, chain_at
from tests.support.functions import Reply, call
from tests.support.keys import bearing, made
from tests.support.orders import noop_order

MOST = 60


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """A chain that needs keys, for there is one."""
    with chain_at(tmp_path) as chain:
        made("somebody")
        yield chain


@pytest.fixture
def good(chain: Chain) -> Mapping[str, str]:
    """A key of ada's that may do everything."""
    return bearing(made("ada")[1])


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids that the state was asked for."""
    asked: list[str] = []
    find = SqliteKeys.find

    def noted(self: SqliteKeys, key_id: str) -> ApiKey:
        asked.append(key_id)
        return find(self, key_id)

    monkeypatch.setattr(SqliteKeys, "find", noted)
    return asked


def models(headers: Mapping[str, str]) -> Reply:
    """One request to the api."""
    return call("api", "GET", "/api/v2/models", None, headers)


def test_with_a_key_one_is_limited_by_its_tier(chain: Chain, good: Mapping[str, str]) -> None:
    first = models(good)
    assert (first.status, first.headers["RateLimit-Policy"]) == (
        200,
        '"other";q=30;w=60, "overall";q=60;w=60',
    )
    assert [models(good).status for _ in range(30)].count(429) >= 1
    submitted = call("submit", "POST", "/", noop_order(1), good)
    assert submitted.headers["RateLimit-Limit"] == "10"
    assert chain.ledger.batch(submitted.body["batch_id"]).owner == "ada"


def guess(n: int) -> Mapping[str, str]:
    """What has the form of a key."""
    return bearing(f"omtx_{n:08x}_{n:064x}")


def heard(function: str, method: str, path: str) -> int:
    """How many guesses were answered as wrong before one was not heard at all."""
    for n in range(10 * MOST):
        reply = call(function, method, path, {}, guess(n))
        if reply.status == 429:
            return n
        assert reply.status == 401
    raise AssertionError("every guess was heard")


def test_an_address_that_guesses_is_no_longer_heard(chain: Chain, looked_up: list[str]) -> None:
    guesses = heard("api", "GET", "/api/v2/models")
    assert len(looked_up) <= guesses
    assert guesses >= MOST  # one more a second; what is not heard is not looked up either
    refused = next(it for it in (models(guess(1)) for _ in range(9)) if it.status == 429)
    assert refused.body["violated-policies"] == ["wrong keys"]
    assert int(refused.headers["Retry-After"]) >= 1
    assert "endpoint" not in refused.body


def test_guesses_at_submit_are_counted_as_well(chain: Chain) -> None:
    assert heard("submit", "POST", "/") >= MOST


def test_a_good_key_costs_its_address_nothing(good: Mapping[str, str]) -> None:
    statuses = [call("api", "GET", "/api/v3/batches/b_1/status", None, good).status for _ in range(MOST + 20)]
    assert set(statuses) == {404}


def test_who_is_known_and_may_not_has_guessed_nothing(chain: Chain) -> None:
    limited = bearing(made("eve", [Scope.SUBMIT])[1])
    statuses = [models(limited).status for _ in range(MOST + 20)]
    assert set(statuses) == {403, 429}
    last = models(limited)
    assert last.body.get("violated-policies") != ["wrong keys"]
