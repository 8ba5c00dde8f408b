"""JSON and CSV as streams: whatever is in them can be read back, and no cell is a formula."""

import csv
import gzip
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.aggregate.streams import FORMULA, PIECE, csv_stream, gzip_lines, json_stream, safe_cell

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
cells = (
    st.none() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(exclude_categories=["Cs"]))
)


def table(*rows: list[Any]) -> list[list[str]]:
    """The rows as a spreadsheet reads them."""
    text = b"".join(csv_stream(["a", "b"], rows)).decode()
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


@given(st.dictionaries(st.text(), values, min_size=1, max_size=4), st.lists(values, max_size=6))
def test_a_json_stream_is_its_head_and_its_items(head: dict[str, Any], items: list[Any]) -> None:
    head.pop("items", None)
    if not head:
        return
    read = json.loads(b"".join(json_stream(head, "items", iter(items))))
    assert read == {**head, "items": items}
    assert list(read) == [*head, "items"]


def test_a_long_stream_comes_in_pieces_that_are_worth_writing() -> None:
    pieces = list(json_stream({"a": 1}, "items", ("x" * 1000 for _ in range(1000))))
    assert 10 < len(pieces) < 20
    assert all(PIECE <= len(piece) < 2 * PIECE for piece in pieces[:-1])
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
    assert b"".join(csv_stream(["a", "b"], [[1, None]])) == b"a,b\r\n1,\r\n"


def test_a_header_cannot_act_as_a_formula_either() -> None:
    assert b"".join(csv_stream(["=cmd()"], [])) == b"'=cmd()\r\n"


@given(st.lists(values, max_size=5))
def test_packed_lines_are_the_items_and_always_the_same_bytes(items: list[Any]) -> None:
    packed = gzip_lines(items)
    assert [json.loads(line) for line in gzip.decompress(packed).splitlines()] == items
    assert gzip_lines(iter(items)) == packed
