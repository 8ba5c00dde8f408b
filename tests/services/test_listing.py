"""The list of batches: its filters, its pages, and how much of the state one request looks at."""

from datetime import timedelta
from typing import Any

import pytest

from services.api import listing
from tests.support.chain import Chain
from tests.support.screens import finished, opened

ROOT = "/api/v3/batches"


def body(chain: Chain, query: str = "") -> dict[str, Any]:
    """A page of the list."""
    reply = chain.api(f"{ROOT}?{query}")
    assert reply.status == 200, reply.raw
    found: dict[str, Any] = reply.body
    return found


def ids(page: dict[str, Any]) -> list[str]:
    """Of the batches in a page."""
    return [batch["batch_id"] for batch in page["batches"]]


def opened_daily(chain: Chain, *names: str) -> list[str]:
    """Batches of these names, one a day, the newest first."""
    found = []
    for name in names:
        found.append(opened(chain, 1, job_name=name))
        chain.clock.advance(timedelta(days=1))
    return found[::-1]


def test_a_cursor_leads_through_the_whole_list_without_gap_or_repetition(chain: Chain) -> None:
    expected = opened_daily(chain, *"abcde")
    seen, query = list[str](), "limit=2"
    while True:
        page = body(chain, query)
        seen += ids(page)
        if not page["pagination"]["has_more"]:
            break
        query = f"limit=2&after={page['pagination']['next_after']}"
    assert seen == expected
    assert page["pagination"]["next_after"] is None


def test_a_batch_that_comes_between_two_pages_moves_nothing(chain: Chain) -> None:
    first, second, third = opened_daily(chain, *"abc")
    page = body(chain, "limit=1")
    opened_daily(chain, "late")
    following = body(chain, f"limit=2&after={page['pagination']['next_after']}")
    assert (ids(page), ids(following)) == ([first], [second, third])


def test_a_name_is_found_by_how_it_begins_in_any_case(chain: Chain) -> None:
    kinase_b, _, kinase_a = opened_daily(chain, "Kinase A", "akinase", "kinase B")
    assert ids(body(chain, "name=KIN")) == [kinase_b, kinase_a]


def test_a_span_of_time_holds_its_beginning_and_not_its_end(chain: Chain) -> None:
    _, second, third, _ = opened_daily(chain, *"abcd")
    times = {it["batch_id"]: it["created_at"].replace("+00:00", "Z") for it in body(chain)["batches"]}
    last = body(chain)["batches"][0]["created_at"].replace("+00:00", "Z")
    assert ids(body(chain, f"created_after={times[third]}&created_before={last}")) == [second, third]


def test_a_time_without_a_zone_is_utc(chain: Chain) -> None:
    [batch] = opened_daily(chain, "a")
    assert ids(body(chain, "created_after=2026-01-01T12:00:00")) == [batch]
    assert ids(body(chain, "created_before=2026-01-01T12:00:00")) == []


def test_a_model_that_nobody_used_lists_nothing(chain: Chain) -> None:
    [batch] = opened_daily(chain, "a")
    assert ids(body(chain, "model=noop")) == [batch]
    assert ids(body(chain, "model=vina")) == []


@pytest.mark.parametrize("query", ["status=completed", "name=zebra", "model=vina"])
def test_a_filter_that_finds_little_looks_at_a_bounded_number_and_says_where_to_go_on(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    expected = opened_daily(chain, *"abcde")
    monkeypatch.setattr(listing, "MOST_LOOKED_AT", 2)
    page = body(chain, query)
    assert (ids(page), page["pagination"]["has_more"]) == ([], True)
    assert page["pagination"]["next_after"] == expected[1]
    assert (page["pagination"]["total"], page["pagination"]["next_offset"]) == (None, None)


def test_a_page_reads_how_its_own_batches_stand_and_no_others(chain: Chain) -> None:
    opened_daily(chain, *"abcdefgh")
    chain.boundaries.met.clear()
    body(chain, "limit=2&offset=4")
    assert chain.boundaries.met.count(("api", "ledger.intents")) == 2
    few = len(chain.boundaries.met)
    opened_daily(chain, *"ijklmnop")
    chain.boundaries.met.clear()
    body(chain, "limit=2&offset=4")
    assert len(chain.boundaries.met) == few


def test_analytics_are_of_the_page_and_say_so(chain: Chain) -> None:
    finished(chain, 2)
    opened(chain, 4)
    plain, told = body(chain)["statistics"], body(chain, "include_analytics=true")["statistics"]
    assert "average_batch_size" not in plain
    assert plain.items() <= told.items()
    assert (told["of"], told["average_batch_size"]) == ("this page", 3)
    assert told["most_common_proteins"] == [{"protein_name": "T4 lysozyme", "batches": 2}]
    assert told["average_completion_time"] >= 0
    assert told["performance_trends"] is None


def test_trends_set_the_newer_half_beside_the_older(chain: Chain) -> None:
    finished(chain, 2, parameters={"failure_rate": 1})
    chain.clock.advance(timedelta(days=1))
    finished(chain, 2)
    trends = body(chain, "include_analytics=true")["statistics"]["performance_trends"]
    assert (trends["older"]["success_rate"], trends["newer"]["success_rate"]) == (0, 100)
