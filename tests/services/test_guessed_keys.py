"""Whoever comes without a good key is counted by address, and refused before keys are looked up."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from shared import wiring
from shared.errors import Forbidden, NotAllowed
from shared.models.access import EVERYTHING, Principal, Tier
from tests.support.chain import Chain, chain_at
from tests.support.functions import Reply, call
from tests.support.orders import noop_order

GOOD, FOREIGN = {"X-API-Key": "good"}, {"X-API-Key": "foreign"}
MOST = 60


class OneKey:
    """Knows one key that may do everything, and one that may nothing; notes how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def caller(self, headers: Mapping[str, str]) -> Principal:
        """See ``Access.caller``."""
        self.asked += 1
        key = headers.get("x-api-key")
        if key == "foreign":
            raise Forbidden("not here")
        if key != "good":
            raise NotAllowed("no such key", scheme="Bearer")
        return Principal(owner="ada", key_id="key_1", scopes=EVERYTHING, tier=Tier.DEFAULT)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> OneKey:
    """The keys that there are."""
    keys = OneKey()
    monkeypatch.setattr(wiring, "access", lambda: keys)
    return keys


@pytest.fixture
def chain(tmp_path: Path, keys: OneKey) -> Iterator[Chain]:
    """A chain with these keys."""
    with chain_at(tmp_path) as chain:
        yield chain


def models(headers: Mapping[str, str]) -> Reply:
    """One request to the api."""
    return call("api", "GET", "/api/v2/models", None, headers)


def test_with_a_key_one_is_limited_by_its_tier(chain: Chain) -> None:
    first = models(GOOD)
    assert (first.status, first.headers["RateLimit-Policy"]) == (
        200,
        '"other";q=30;w=60, "overall";q=60;w=60',
    )
    assert [models(GOOD).status for _ in range(30)].count(429) >= 1
    submitted = call("submit", "POST", "/", noop_order(1), GOOD)
    assert submitted.headers["RateLimit-Limit"] == "10"
    assert chain.ledger.batch(submitted.body["batch_id"]).owner == "ada"


def heard(function: str, method: str, path: str) -> int:
    """How many guesses were answered as wrong before one was not heard at all."""
    for n in range(10 * MOST):
        reply = call(function, method, path, {}, {"X-API-Key": f"guess {n}"})
        if reply.status == 429:
            return n
        assert reply.status == 401
    raise AssertionError("every guess was heard")


def test_an_address_that_guesses_is_no_longer_heard(chain: Chain, keys: OneKey) -> None:
    guesses = heard("api", "GET", "/api/v2/models")
    assert keys.asked == guesses >= MOST  # one more a second; what is not heard is not looked up either
    refused = next(it for it in (models({"X-API-Key": "again"}) for _ in range(9)) if it.status == 429)
    assert refused.body["violated-policies"] == ["wrong keys"]
    assert int(refused.headers["Retry-After"]) >= 1
    assert "endpoint" not in refused.body


def test_guesses_at_submit_are_counted_as_well(chain: Chain) -> None:
    assert heard("submit", "POST", "/") >= MOST


def test_a_good_key_costs_its_address_nothing(chain: Chain) -> None:
    statuses = [call("api", "GET", "/api/v3/batches/b_1/status", None, GOOD).status for _ in range(MOST + 20)]
    assert set(statuses) == {404}


def test_who_is_known_and_may_not_has_guessed_nothing(chain: Chain) -> None:
    assert {models(FOREIGN).status for _ in range(MOST + 20)} == {403}
