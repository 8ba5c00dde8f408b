"""A filter over a long list: nothing is lost or told twice, and no request looks through too much."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api import sifting
from services.api.pages import Page
from services.api.sifting import Row, sifted
from tests.support.properties import examples


def rows(marks: Sequence[bool]) -> list[Row]:
    """A list whose marked rows are wanted."""
    return [{"place": place, "wanted": mark} for place, mark in enumerate(marks)]


def page_of(found: Sequence[Row], page: Page, after: int | None, at_once: int = 2) -> sifting.Sifted:
    """One page, read from this list."""
    read = lambda start, count: found[start : start + count]  # noqa: E731
    return sifted(read, lambda row: bool(row["wanted"]), page, total=len(found), after=after, at_once=at_once)


@given(
    marks=st.lists(st.booleans(), max_size=30),
    size=st.integers(1, 5),
    most=st.integers(1, 12),
    at_once=st.integers(1, 4),
)
@examples(200)
def test_the_cursor_leads_through_all_that_is_wanted_once_each(
    marks: list[bool], size: int, most: int, at_once: int
) -> None:
    found, told, after = rows(marks), list[Any](), None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sifting, "MOST_LOOKED_AT", most)
        for _ in range(len(marks) + 1):
            page = page_of(found, Page(1, size), after, at_once)
            assert page.looked_at <= most
            assert len(page.rows) <= size
            told += page.rows
            after = page.next_after
            if after is None:
                break
    assert after is None
    assert told == [row for row in found if row["wanted"]]


def test_pages_by_number_are_those_of_the_cursor_and_know_the_total_at_the_end() -> None:
    found = rows([True, False, True, True, False, True])
    first, second = (page_of(found, Page(number, 3), None) for number in (1, 2))
    assert ([row["place"] for row in first.rows], first.total, first.next_after) == ([0, 2, 3], None, 4)
    assert ([row["place"] for row in second.rows], second.total, second.next_after) == ([5], 4, None)
    assert page_of(found, Page(1, 3), 4).rows == second.rows
    assert page_of(found, Page(1, 9), 99).rows == []
