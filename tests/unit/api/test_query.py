"""Query parameters: typed, bounded, named in the refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.query import Page, one_of, page, whole
from shared.errors import InvalidInput


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "0",
        "6",
        "-1",
        "+1",
        "1.0",
        "1e3",
        "one",
        "\u0661",
        "0x1",
        "1_0",
        " 1",
        "1 ",
        "1\n",
        "9" * 5000,
    ],
)
def test_what_is_no_whole_number_in_range_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput, match="limit must be a whole number from 1 to 5") as refusal:
        whole({"limit": text}, "limit", default=3, least=1, most=5)
    assert [error.path for error in refusal.value.errors] == ["limit"]


@given(st.integers(1, 5))
def test_a_whole_number_in_range_is_taken(number: int) -> None:
    assert whole({"limit": str(number)}, "limit", default=3, least=1, most=5) == number


def test_what_is_not_given_has_its_default() -> None:
    assert whole({}, "limit", default=3, least=1, most=5) == 3
    assert page({}, default=20, most=100) == Page(1, 20)
    assert one_of({}, "format", ("json", "csv")) is None


def test_a_choice_is_taken_or_refused_by_name() -> None:
    assert one_of({"format": "csv"}, "format", ("json", "csv")) == "csv"
    with pytest.raises(InvalidInput, match="format must be one of json, csv"):
        one_of({"format": "CSV"}, "format", ("json", "csv"))


@given(st.integers(0, 300), st.integers(1, 50))
def test_pages_cover_everything_once_and_know_their_neighbours(total: int, size: int) -> None:
    things, seen, number = list(range(total)), list[int](), 1
    while True:
        this = Page(number, size)
        seen += things[this.start : this.start + size]
        said = this.describe(total)
        assert said["has_previous"] == (number > 1)
        assert (said["total_results"], said["page_size"], said["page"]) == (total, size, number)
        if not said["has_next"]:
            break
        number += 1
    assert seen == things
    assert said["total_pages"] == (number if total else 0)
