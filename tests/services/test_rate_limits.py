"""Rate limits through the entry points: what is counted, what a client reads of it, and what is refused."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import wiring
from tests.support.chain import Chain, chain_at
from tests.support.functions import Reply, call
from tests.support.orders import noop_order

RATES = '{"enterprise": {"overall": 6, "list": 3, "submit": 2, "status": 9}}'


@pytest.fixture
def limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    """A chain whose one owner is limited, to small numbers."""
    monkeypatch.setenv("OMTX_LIMITS_ENABLED", "1")
    monkeypatch.setenv("OMTX_LIMITS_RATES", RATES)
    with chain_at(tmp_path) as chain:
        yield chain


def assert_refused(reply: Reply, *, endpoint: str, violated: list[str]) -> None:
    """A problem document that says what was too much, and when to come again."""
    body = reply.body
    assert (reply.status, body["status"], body["title"]) == (429, 429, "Too many requests")
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert (body["endpoint"], body["tier"], body["violated-policies"]) == (endpoint, "enterprise", violated)
    assert body["retry_after"] == int(reply.headers["Retry-After"]) >= 1
    assert f"try again in {body['retry_after']} s" in body["detail"]


def test_one_user_on_a_laptop_is_not_limited(chain: Chain) -> None:
    replies = [chain.api("/api/v3/batches") for _ in range(70)]
    assert {reply.status for reply in replies} == {200}
    assert not any(name.lower().startswith("ratelimit") for name in replies[-1].headers)


def test_an_answer_tells_what_is_left(limited: Chain) -> None:
    headers = limited.api("/api/v3/batches").headers
    assert headers["RateLimit-Policy"] == '"list";q=3;w=60, "overall";q=6;w=60'
    assert headers["RateLimit"] == '"list";r=2;t=20, "overall";r=5;t=10'
    assert [headers[f"RateLimit-{it}"] for it in ("Limit", "Remaining", "Reset")] == ["3", "2", "20"]


def test_an_empty_bucket_refuses_its_class_alone(limited: Chain) -> None:
    assert [limited.api("/api/v3/batches").status for _ in range(3)] == [200] * 3
    refused = limited.api("/api/v3/batches")
    assert_refused(refused, endpoint="list", violated=["list"])
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert limited.api("/api/v2/models").status == 200


def test_most_classes_share_an_overall_bucket(limited: Chain) -> None:
    for _ in range(6):
        assert limited.api("/api/v2/models").status == 200
    assert_refused(limited.api("/api/v3/batches"), endpoint="list", violated=["overall"])


def test_polling_has_a_bucket_of_its_own(limited: Chain) -> None:
    for _ in range(6):
        limited.api("/api/v2/models")
    polls = [limited.api("/api/v3/batches/b_1/status") for _ in range(10)]
    assert [poll.status for poll in polls] == [404] * 9 + [429]
    assert polls[0].headers["RateLimit-Remaining"] == "8"  # also a refusal says what it cost
    assert_refused(polls[9], endpoint="status", violated=["status"])


def test_submitting_is_counted_wherever_it_is_done(limited: Chain) -> None:
    first = limited.submit(noop_order(1))
    assert (first.status, first.headers["RateLimit-Remaining"]) == (202, "1")
    wrong = call("submit", "POST", "/api/predict", {"task_type": "none"})
    assert (wrong.status, wrong.headers["RateLimit-Remaining"]) == (422, "0")
    assert_refused(limited.submit(noop_order(1)), endpoint="submit", violated=["submit"])
    assert limited.api("/api/v3/batches").headers["RateLimit"].startswith('"list";r=2;t=20, "overall";r=3')


def test_a_question_is_no_submission(limited: Chain) -> None:
    asked = [
        call("submit", "POST", "/api/v3/batches/estimate", {"model_name": "noop", "ligands_count": 9})
    ] * 3
    assert {reply.status for reply in asked} == {200}
    assert limited.submit(noop_order(1)).status == 202


def test_probes_and_the_reference_are_free(limited: Chain) -> None:
    for path in ("/health", "/health/live", "/docs", "/openapi.json"):
        replies = [limited.api(path) for _ in range(8)]
        assert {reply.status for reply in replies} == {200}
    live = [call("submit", "GET", "/health/live").status for _ in range(8)]
    assert set(live) == {200}


def test_an_address_that_guessed_keys_is_refused_before_they_are_looked_up(limited: Chain) -> None:
    for _ in range(60):
        wiring.meter().guessed("127.0.0.1")
    refused = limited.api("/api/v3/batches")
    assert (refused.status, refused.body["violated-policies"]) == (429, ["wrong keys"])
    assert "endpoint" not in refused.body


def test_the_fields_are_structured_as_the_draft_has_it(limited: Chain) -> None:
    headers = limited.api("/api/v3/batches").headers
    item = r'"[a-z ]+";[a-z]=\d+;[a-z]=\d+'
    for name in ("RateLimit", "RateLimit-Policy"):
        assert re.fullmatch(f"{item}(, {item})*", headers[name])
