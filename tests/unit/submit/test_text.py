"""The text of a library in pieces: however it is cut or compressed, it reads the same."""

import gzip
import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submit.entries import Entry
from services.submit.source import Limits, rows
from services.submit.text import LONGEST_LINE, lines, opened
from tests.support.properties import examples
from tests.unit.submit.test_sdf import record

LIMITS = Limits(most_bytes=10_000_000, most_rows=100)
TABLE = 'name,smiles\r\nethanol,CCO\r\n"two\nlines",CCN\r\ncafé,CCC\r\n'.encode()


def cut(content: bytes, places: list[int]) -> Iterator[bytes]:
    """The content in pieces."""
    edges = [0, *sorted(place % (len(content) + 1) for place in places), len(content)]
    return (content[start:end] for start, end in itertools.pairwise(edges))


def read(pieces: Iterator[bytes], limits: Limits = LIMITS) -> list[Entry]:
    """All rows."""
    with rows(pieces, None, limits) as entries:
        return list(entries)


@examples(100)
@given(st.lists(st.integers(0, 500), max_size=8), st.booleans())
def test_neither_pieces_nor_compression_change_what_is_read(places: list[int], packed: bool) -> None:
    content = gzip.compress(TABLE) if packed else TABLE
    entries = read(cut(content, places))
    assert [(entry.line, entry.name, entry.smiles) for entry in entries] == [
        *((2, "ethanol", "CCO"), (3, "two\nlines", "CCN"), (5, "café", "CCC")),
    ]


def test_a_file_of_several_gzip_members_is_read_whole() -> None:
    assert len(read(iter([gzip.compress(b"CCO a\n"), gzip.compress(b"CCN b\n")]))) == 2


def test_a_row_that_is_no_text_is_rejected_and_the_others_are_read() -> None:
    good, bad, last = read(iter([b"name,smiles\na,CCO\ncaf\xe9,CCN\nb,CCC\n"]))
    assert (good.problem, bad.problem, last.problem) == (None, "is not UTF-8 text", None)
    bad.text.encode()  # can be stored


@pytest.mark.parametrize("content", [b"CCO a\n" * 50_000, gzip.compress(b"CCO a\n" * 50_000)])
def test_what_unpacks_to_more_than_is_accepted_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="more than 200,000 bytes"):
        read(iter([content]), Limits(most_bytes=200_000, most_rows=10**9))


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(200_000_000))
    with pytest.raises(ValueError, match=r"characters; is this a text file|more than 10,000,000 bytes"):
        read(iter([bomb]))


def test_more_rows_than_are_accepted_are_refused() -> None:
    assert len(read(iter([b"C\n" * 100]))) == 100
    with pytest.raises(ValueError, match="more than 100 rows"):
        read(iter([b"C\n" * 101]))


@pytest.mark.parametrize("damage", [slice(0, -9), slice(0, 12)])
def test_a_gzip_file_that_breaks_off_is_refused(damage: slice) -> None:
    with pytest.raises(ValueError, match="no whole gzip file"):
        read(iter([gzip.compress(b"CCO a\n" * 1000)[damage]]))


def test_a_line_without_end_is_refused() -> None:
    with (
        opened(iter([b"x" * (LONGEST_LINE + 1)])) as text,
        pytest.raises(ValueError, match="line 1 has more"),
    ):
        list(lines(text))


LONG = b"x" * (3 * LONGEST_LINE + 7)
TOO_LONG = {
    "smi": b"CCO a\nC " + LONG + b"\nCCN c\n",
    "csv": b"name,smiles\na,CCO\n" + LONG + b",C\nc,CCN\n",
    "sdf": record("CCO").encode() + b"\n" + LONG + b"\n$$$$\n" + record("CCN").encode(),
}


@pytest.mark.parametrize("form", TOO_LONG)
@pytest.mark.parametrize("size", [1 << 14, 1 << 22])
def test_a_line_that_is_too_long_is_one_bad_row_and_the_others_go_on(form: str, size: int) -> None:
    content = TOO_LONG[form]
    pieces = (content[start : start + size] for start in range(0, len(content), size))
    good, bad, last = read(pieces, Limits(10_000_000, 10))
    assert (good.smiles, bad.smiles, last.smiles) == ("CCO", None, "CCN")
    assert f"more than {LONGEST_LINE:,} characters" in str(bad.problem)
    assert good.line < bad.line < last.line
    assert len(bad.text) <= 500


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize("size", [LONGEST_LINE - 1, LONGEST_LINE, LONGEST_LINE + 1, 2 * LONGEST_LINE + 2])
def test_where_a_long_line_ends_the_next_begins(size: int, end: bytes) -> None:
    behind = [b"CCN\n"] if end else []
    with opened(iter([b"CCO\n", b"x" * size + end, *behind])) as text:
        first, long, *rest = lines(text)
    assert (first, "".join(rest).strip()) == ("CCO\n", "CCN" if end else "")
    assert len(long) <= LONGEST_LINE + 2


def test_nothing_is_nothing() -> None:
    assert read(iter([])) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest", "a ZIP archive or a workbook"),
        ("smiles\nCCO\n".encode("utf-16"), "UTF-16 text; save it as UTF-8"),
        (b"BZh91AY", "bzip2"),
    ],
)
def test_what_is_no_text_is_told_with_what_to_do(content: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read(cut(content, [1]))


def test_zeros_behind_a_gzip_file_are_padding() -> None:
    assert len(read(iter([gzip.compress(b"CCO a\n") + bytes(512)]))) == 1


def test_a_row_that_never_ends_is_bounded_and_told() -> None:
    content = b"name,smiles\na,CCO\n" + b'"a\n",' * 300_000
    good, bad, *_ = read(iter([content]), Limits(10_000_000, 1_000_000))
    assert (good.smiles, bad.line) == ("CCO", 3)
    assert "characters in one row; is a quote not closed?" in str(bad.problem)


def test_the_columns_of_all_rows_together_are_bounded() -> None:
    def records(labels: int) -> bytes:
        carbon = record("C").replace("$$$$\n", "")
        return "".join(f"{carbon}> <c{n}>\n1\n\n$$$$\n" for n in range(labels)).encode()

    assert len(read(iter([records(1000)]), Limits(10_000_000, 10_000))) == 1000
    with pytest.raises(ValueError, match="more than 1,000 columns"):
        read(iter([records(1001)]), Limits(10_000_000, 10_000))
