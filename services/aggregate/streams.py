"""
JSON and CSV, row by row into temporary files, so that no artefact is ever whole in memory.

A writer takes rows with ``add``, all writers in one pass over the table; what it made of them is
then read as a stream of bytes, as often as wanted.
"""

import csv
import gzip
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic_core import to_json

from shared.domain.cells import safe_cell

PIECE = 1 << 18
FIRST = b"\n  "


class Spool:
    """A temporary file, written to its end and then read; gone when it is closed."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile(buffering=PIECE)  # noqa: SIM115

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def pieces(self) -> Iterator[bytes]:
        """All of it, from the beginning."""
        self.file.seek(0)
        return iter(lambda: self.file.read(PIECE), b"")


class JsonMembers:
    """One long list or object of a JSON document, one member a line."""

    def __init__(self, spool: Spool, name: str, brackets: str = "[]") -> None:
        self._spool, self._name, self._brackets = spool, name, brackets
        self._before = FIRST

    def add(self, line: bytes) -> None:
        """Take an item, or the ``"key":value`` of an object, encoded."""
        self._spool.file.write(self._before)
        self._spool.file.write(line)
        self._before = b",\n  "

    def take(self, other: "JsonMembers") -> None:
        """Take all members of another list."""
        if other._before != FIRST:
            self._spool.file.write(b"" if self._before == FIRST else b",")
            for piece in other._spool.pieces():
                self._spool.file.write(piece)
            self._before = other._before

    def document(self, head: Mapping[str, Any]) -> Iterator[bytes]:
        """The object with the fields of ``head``, then the members under their name."""
        opening = json.dumps(head, indent=1)[:-1].rstrip()
        yield f"{opening},\n {json.dumps(self._name)}: {self._brackets[0]}".encode()
        yield from self._spool.pieces()
        yield f"\n {self._brackets[1]}\n}}\n".encode()


class CsvTable:
    """RFC 4180 with a header; null is empty; no cell can act as a formula in a spreadsheet."""

    def __init__(self, spool: Spool, columns: Sequence[str]) -> None:
        self._spool = spool
        self._text = io.TextIOWrapper(spool.file, encoding="utf-8", newline="", write_through=True)
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self.add(columns)

    def add(self, cells: Sequence[Any]) -> None:
        """Take a row."""
        self._writer.writerow([safe_cell(cell) if cell.__class__ is str else cell for cell in cells])

    def document(self) -> Iterator[bytes]:
        """The table so far."""
        return self._spool.pieces()


def gzip_lines(lines: Iterable[bytes]) -> bytes:
    """Lines, compressed; the same lines give the same bytes."""
    return gzip.compress(b"".join(b"%b\n" % line for line in lines), 6, mtime=0)


def member(key: str, value: Any) -> bytes:
    """A member of a JSON object."""
    return to_json(key) + b":" + to_json(value)
