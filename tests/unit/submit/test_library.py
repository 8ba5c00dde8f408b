"""Reading a library: every row is found with its line, and a bad one stops nobody."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submit import library
from services.submit.entries import Entry
from services.submit.library import from_json


def from_csv(text: str) -> Iterator[Entry]:
    """The rows of a table that is given as one text."""
    return library.from_csv(io.StringIO(text, newline=""))


def from_smi(text: str) -> Iterator[Entry]:
    """The rows of a list that is given as one text."""
    return library.from_smi(io.StringIO(text))


NO_SMILES = "has nothing in column 2, the SMILES"
Row = tuple[int, str, str | None]


def read(text: str) -> list[Row]:
    """Line, name and SMILES of every row of a table."""
    return [(entry.line, entry.name, entry.smiles) for entry in from_csv(text)]


def problems(entries: list[Entry]) -> dict[int, str]:
    """What is wrong, by line."""
    return {entry.line: entry.problem for entry in entries if entry.problem is not None}


TWO = [(2, "ethanol", "CCO"), (3, "benzene", "c1ccccc1")]
HEADLESS = [(1, "ethanol", "CCO"), (2, "benzene", "c1ccccc1")]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("name,smiles\nethanol,CCO\nbenzene,c1ccccc1\n", TWO),
        ("smiles,name\nCCO,ethanol\nc1ccccc1,benzene\n", TWO),
        ("NAME;Smiles\nethanol;CCO\nbenzene;c1ccccc1", TWO),
        ("SMILES\tLigand Name\nCCO\tethanol\nc1ccccc1\tbenzene", TWO),
        ("compound-id,Canonical-SMILES\nethanol,CCO\nbenzene,c1ccccc1", TWO),
        (" name , smiles \n ethanol , CCO \n benzene , c1ccccc1 ", TWO),
        ("\ufeffname,smiles\nethanol,CCO\nbenzene,c1ccccc1\n", TWO),
        ("name,smiles\r\nethanol,CCO\r\nbenzene,c1ccccc1\r\n", TWO),
        ("name,smiles\rethanol,CCO\rbenzene,c1ccccc1\r", TWO),
        ('"name","smiles"\n"ethanol","CCO"\n"benzene","c1ccccc1"\n', TWO),
        ("ethanol,CCO\nbenzene,c1ccccc1\n", HEADLESS),
        ("CCO,ethanol\nc1ccccc1,benzene\n", HEADLESS),
        ("CCO;ethanol\nc1ccccc1;benzene\n", HEADLESS),
        ("smiles\nCCO\nc1ccccc1\n", [(2, "", "CCO"), (3, "", "c1ccccc1")]),
        ("CCO\nc1ccccc1\n", [(1, "", "CCO"), (2, "", "c1ccccc1")]),
        (
            "\n\nname,smiles\n\nethanol,CCO\n,\n   \nbenzene,c1ccccc1\n\n",
            [(5, *TWO[0][1:]), (8, *TWO[1][1:])],
        ),
        ('name,smiles\n"two\nlines",CCO\nbenzene,c1ccccc1', [(2, "two\nlines", "CCO"), (4, *TWO[1][1:])]),
        ('name,smiles\n"say ""hi"", you",CCO\nbenzene,c1ccccc1', [(2, 'say "hi", you', "CCO"), TWO[1]]),
        ("structure,smiles,name\n2D.png,CCO,ethanol\n2D.png,c1ccccc1,benzene", TWO),
        ('"name","dG; exp; 298 K",smiles\nethanol,,CCO\nbenzene,,c1ccccc1', TWO),
        ("name,smiles,id\nethanol,CCO,7\nbenzene,c1ccccc1,8", TWO),
    ],
)
def test_a_table_is_read_however_it_is_written(text: str, rows: list[Row]) -> None:
    assert read(text) == rows


def test_further_columns_are_kept_under_their_own_labels() -> None:
    text = "name,smiles,Exp. dG,,note\nethanol,CCO,-5.1,x,\nbenzene,c1ccccc1,,,good"
    assert [entry.data for entry in from_csv(text)] == [
        {"Exp. dG": "-5.1", "column_4": "x"},
        {"note": "good"},
    ]


def test_further_columns_without_a_header_are_numbered() -> None:
    assert [entry.data for entry in from_csv("ethanol,CCO,5,x\nbenzene,c1ccccc1,6,")] == [
        {"column_3": "5", "column_4": "x"},
        {"column_3": "6"},
    ]


def test_two_columns_of_one_label_are_both_kept() -> None:
    [entry] = from_csv("smiles,ic50,ic50\nCCO,1,2")
    assert sorted(entry.data.values()) == ["1", "2"]


def test_every_bad_row_keeps_its_line_and_the_others_go_on() -> None:
    text = 'name,smiles\nethanol,CCO\nnothing,\n"on\ntwo lines",\nonly\nextra,CC,C,C\nbenzene,c1ccccc1\n'
    entries = list(from_csv(text))
    assert problems(entries) == {
        3: NO_SMILES,
        4: NO_SMILES,
        6: NO_SMILES,
        7: "has 4 columns where the first row has 2",
    }
    assert [(entry.line, entry.smiles) for entry in entries if not entry.problem] == [
        (2, "CCO"),
        (8, "c1ccccc1"),
    ]


def test_a_cell_too_long_to_be_read_is_one_bad_row() -> None:
    text = f"name,smiles\nethanol,CCO\n{'x' * 200_000},CC\nbenzene,c1ccccc1\n"
    entries = list(from_csv(text))
    assert list(problems(entries)) == [3]
    assert "131072" in problems(entries)[3]
    assert [(entry.line, entry.smiles) for entry in entries if not entry.problem] == TWO_AROUND_THREE


TWO_AROUND_THREE = [(2, "CCO"), (4, "c1ccccc1")]


def test_a_bad_row_shows_what_stood_there_but_not_endlessly() -> None:
    [short, long] = from_csv(f"name,smiles\nx,\n{'y' * 3000},\n")
    assert short.text == "x,"
    assert len(long.text) == 500


@pytest.mark.parametrize(
    "text", ["", "\n\n", " , \n", "name,code\nfoo,bar\n", "1,2\n3,4\n", "??\n", "\ufeff", '"', ",,,\n;;"]
)
def test_a_table_without_smiles_is_refused_whole(text: str) -> None:
    with pytest.raises(ValueError, match=r"no column holds SMILES|has no row"):
        list(from_csv(text))


@pytest.mark.parametrize("text", ["smiles\n", "name,smiles\n\n\n"])
def test_a_table_with_only_a_header_has_no_rows(text: str) -> None:
    assert read(text) == []


def test_the_smiles_column_is_found_although_some_of_its_cells_are_wrong() -> None:
    text = "a;C1CC(;x\nb;CCO;y\nc;CCN;z\n"
    assert read(text) == [(1, "a", "C1CC("), (2, "b", "CCO"), (3, "c", "CCN")]


names = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=12)
pairs = st.lists(
    st.tuples(names, st.sampled_from(["CCO", "CCN", "C", "c1ccccc1", "not a molecule"])), min_size=1
)


@given(
    rows=pairs, delimiter=st.sampled_from(",;\t"), ends=st.sampled_from(["\n", "\r\n"]), flip=st.booleans()
)
def test_any_table_that_a_csv_writer_writes_is_read_back(
    rows: list[tuple[str, str]], delimiter: str, ends: str, flip: bool
) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=ends)
    table = [("name", "smiles"), *rows]
    writer.writerows([row[::-1] for row in table] if flip else table)
    assert read(buffer.getvalue()) == [(n, name, smiles) for n, (name, smiles) in enumerate(rows, start=2)]


@given(st.text(max_size=200))
def test_any_text_is_a_table_or_refused_in_one_sentence(text: str) -> None:
    try:
        entries = list(from_csv(text))
    except ValueError:
        return
    lines = [entry.line for entry in entries]
    assert lines == sorted(set(lines))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("CCO ethanol\nc1ccccc1 benzene\n", HEADLESS),
        ("CCO\tethanol\nc1ccccc1\tbenzene", HEADLESS),
        ("CCO  \t ethanol  \r\nc1ccccc1\t\tbenzene\r\n", HEADLESS),
        ("\ufeffCCO ethanol\nc1ccccc1 benzene\n", HEADLESS),
        ("SMILES Name\nCCO ethanol\nc1ccccc1 benzene\n", TWO),
        ("\ufeffsmiles\tname\nCCO\tethanol\nc1ccccc1\tbenzene\n", TWO),
        (
            "# my library\n# of two\nCCO ethanol\n\n  # and\nc1ccccc1 benzene",
            [(3, *TWO[0][1:]), (6, *TWO[1][1:])],
        ),
        ("# my library\nsmiles name\nCCO ethanol\nc1ccccc1 benzene", [(3, *TWO[0][1:]), (4, *TWO[1][1:])]),
        ("\n\nsmiles name\nCCO ethanol", [(4, "ethanol", "CCO")]),
        ("CCO\nC#N\n", [(1, "", "CCO"), (2, "", "C#N")]),
        ("CCO meta methyl ethyl benzene\n", [(1, "meta methyl ethyl benzene", "CCO")]),
        ("", []),
        ("# nothing\n", []),
    ],
)
def test_a_smi_file_is_read_however_it_is_written(text: str, rows: list[Row]) -> None:
    assert [(entry.line, entry.name, entry.smiles) for entry in from_smi(text)] == rows


ITEMS: list[tuple[Any, str]] = [
    ("CCO", "not an object"),
    (None, "not an object"),
    (["CCO"], "not an object"),
    ({}, "has no 'smiles'"),
    ({"smiles": None}, "has no 'smiles'"),
    ({"smiles": "   "}, "has no 'smiles'"),
    ({"smiles": 7}, "has no 'smiles'"),
    ({"smiles": "CCO", "name": 7}, "'name' is not text"),
    ({"smiles": "CCO", "name": 0}, "'name' is not text"),
    ({"smiles": "CCO", "name": []}, "'name' is not text"),
    ({"smiles": "CCO", "name": {"x": 1}}, "'name' is not text"),
    ({"smiles": "CCO", "smile": "C", "id": 1}, "unknown field id, smile; there are name and smiles"),
]


@pytest.mark.parametrize(("item", "problem"), ITEMS, ids=repr)
def test_a_bad_item_of_a_list_is_reported_at_its_place_and_the_others_go_on(item: Any, problem: str) -> None:
    entries = list(from_json([{"smiles": "CCO"}, item, {"smiles": " CCN ", "name": " amine "}]))
    assert [entry.line for entry in entries] == [1, 2, 3]
    assert problem in problems(entries)[2]
    assert (entries[0].smiles, entries[0].name) == ("CCO", "")
    assert (entries[2].smiles, entries[2].name) == ("CCN", "amine")


def test_a_name_of_null_is_no_name() -> None:
    [entry] = from_json([{"smiles": "CCO", "name": None}])
    assert (entry.problem, entry.name) == (None, "")
