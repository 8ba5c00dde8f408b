"""JSON and CSV as streams: whatever is in them can be read back, and no cell is a formula."""

import csv
import gzip
import io
import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from services.aggregate.streams import (
    PIECE,
    CsvTable,
    JsonMembers,
    Spool,
    gzip_lines,
    member,
)
from shared.domain.cells import FORMULA, safe_cell

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
cells = (
    st.none() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(exclude_categories=["Cs"]))
)


def json_document(head: dict[str, Any], items: Iterable[Any]) -> list[bytes]:
    """The pieces of an object with a long list."""
    with Spool() as spool:
        members = JsonMembers(spool, "items")
        for item in items:
            members.add(to_json(item))
        return list(members.document(head))


def csv_document(columns: list[str], rows: Iterable[list[Any]]) -> bytes:
    """A whole table."""
    with Spool() as spool:
        table = CsvTable(spool, columns)
        for row in rows:
            table.add(row)
        return b"".join(table.document())


def table(*rows: list[Any]) -> list[list[str]]:
    """The rows as a spreadsheet reads them."""
    text = csv_document(["a", "b"], rows).decode()
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


@given(st.dictionaries(st.text(), values, min_size=1, max_size=4), st.lists(values, max_size=6))
def test_a_json_stream_is_its_head_and_its_items(head: dict[str, Any], items: list[Any]) -> None:
    head.pop("items", None)
    if not head:
        return
    read = json.loads(b"".join(json_document(head, items)))
    assert read == {**head, "items": items}
    assert list(read) == [*head, "items"]


def test_a_long_stream_comes_in_pieces_that_are_worth_writing() -> None:
    pieces = json_document({"a": 1}, ("x" * 1000 for _ in range(1000)))
    assert 4 < len(pieces) < 10
    assert all(len(piece) <= PIECE for piece in pieces)
    assert len(json.loads(b"".join(pieces))["items"]) == 1000


@given(st.lists(st.lists(cells, min_size=2, max_size=2), max_size=6))
def test_any_cells_come_back_as_text(rows: list[list[Any]]) -> None:
    expected = [["" if value is None else str(safe_cell(value)) for value in row] for row in rows]
    assert table(*rows) == expected


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_cell_can_act_as_a_formula(text: str) -> None:
    [[cell, _]] = table([text, ""])
    assert not cell.startswith(FORMULA) or float(cell) is not None
    assert cell in (text, f"'{text}")


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "=1", "+1+1", "-1-1", "-cmd|' /C calc'!A0", "@SUM(A1)", '=HYPERLINK("http://x")'),
        *("\t=1", "\r=1", "\n=1", "\0=1", "＝1", "＋1", "－1", "＠x", "-", "+", "--1", "-1e", "-6.44\n"),
    ],
    ids=ascii,
)
def test_what_a_spreadsheet_would_run_is_led_by_an_apostrophe(text: str) -> None:
    assert table([text, text]) == [[f"'{text}"] * 2]


@pytest.mark.parametrize("value", [-5.25, -1, 0, 1e-9, True, None, "-6.44", "+1", "-.5", "-1e-3", "-1.E+3"])
def test_numbers_are_left_alone(value: Any) -> None:
    assert table([value, value]) == [["" if value is None else str(value)] * 2]


@pytest.mark.parametrize(
    "text", ['say "hi"', "a,b", "a\nb", "a\r\nb", "'quoted'", " lead", "β-ionone", "C(=O)O"]
)
def test_quotes_commas_and_line_ends_inside_a_cell_come_back(text: str) -> None:
    assert table([text, "next"], ["x", "y"]) == [[text, "next"], ["x", "y"]]


def test_lines_end_as_the_standard_says() -> None:
    assert csv_document(["a", "b"], [[1, None]]) == b"a,b\r\n1,\r\n"


def test_a_header_cannot_act_as_a_formula_either() -> None:
    assert csv_document(["=cmd()"], []) == b"'=cmd()\r\n"


@given(st.lists(values, max_size=5))
def test_packed_lines_are_the_items_and_always_the_same_bytes(items: list[Any]) -> None:
    packed = gzip_lines(map(to_json, items))
    assert [json.loads(line) for line in gzip.decompress(packed).split(b"\n")[:-1]] == items
    assert gzip_lines(map(to_json, items)) == packed


@given(st.dictionaries(st.text(), values, max_size=6), st.dictionaries(st.text(), values, max_size=6))
def test_lists_that_are_joined_are_one_document(one: dict[str, Any], other: dict[str, Any]) -> None:
    other = {key: value for key, value in other.items() if key not in one}
    with Spool() as first, Spool() as second:
        members, more = JsonMembers(first, "items", "{}"), JsonMembers(second, "items", "{}")
        for target, items in ((members, one), (more, other)):
            for key, value in items.items():
                target.add(member(key, value))
        members.take(more)
        members.take(JsonMembers(second, "none"))
        assert json.loads(b"".join(members.document({"a": 1}))) == {"a": 1, "items": {**one, **other}}
