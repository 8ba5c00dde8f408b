"""JSON and CSV as streams of bytes, so that no artefact is ever whole in memory."""

import csv
import gzip
import io
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
PIECE = 1 << 16


def json_stream(head: Mapping[str, Any], name: str, items: Iterable[Any]) -> Iterator[bytes]:
    """One JSON object: the fields of ``head``, then the list ``name`` with the items, one a line."""
    return _json(head, name, (json.dumps(item) for item in items), "[]")


def json_map_stream(head: Mapping[str, Any], name: str, items: Iterable[tuple[str, Any]]) -> Iterator[bytes]:
    """One JSON object: the fields of ``head``, then the object ``name`` with the items, one a line."""
    return _json(head, name, (f"{json.dumps(key)}: {json.dumps(value)}" for key, value in items), "{}")


def _json(head: Mapping[str, Any], name: str, lines: Iterable[str], brackets: str) -> Iterator[bytes]:
    opening = json.dumps(head, indent=1)[:-1].rstrip()
    return _pieces(itertools.chain([f"{opening},\n"], _json_member(name, lines, brackets), ["\n}\n"]))


def _json_member(name: str, lines: Iterable[str], brackets: str) -> Iterator[str]:
    yield f" {json.dumps(name)}: {brackets[0]}"
    before = "\n  "
    for line in lines:
        yield f"{before}{line}"
        before = ",\n  "
    yield f"\n {brackets[1]}"


def csv_stream(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """RFC 4180 with a header; null is empty; no cell can act as a formula in a spreadsheet."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")

    def lines() -> Iterator[str]:
        for row in itertools.chain([columns], rows):
            writer.writerow([safe_cell(value) for value in row])
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()

    return _pieces(lines())


def safe_cell(value: Any) -> Any:
    """
    Text that a spreadsheet would run is led by an apostrophe (OWASP, "CSV Injection").

    Numbers are left alone, as numbers or as text: ``-6.44`` is no formula.
    """
    if isinstance(value, str) and value.startswith(FORMULA) and not NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def gzip_lines(items: Iterable[Any]) -> bytes:
    """JSON lines, compressed; the same items give the same bytes."""
    return gzip.compress("".join(f"{json.dumps(item)}\n" for item in items).encode(), 6, mtime=0)


def _pieces(texts: Iterable[str]) -> Iterator[bytes]:
    """Join small texts into pieces worth writing."""
    waiting, size = list[str](), 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= PIECE:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join(waiting).encode()
