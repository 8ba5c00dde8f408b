"""
Reading a library, row by row, from any of its forms.

Every row that is not blank counts as submitted. A reader never stops at a bad row: it yields it
with the reason, and goes on.
"""

import csv
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from services.submit.columns import Columns, delimiter_of, find_columns
from services.submit.entries import SHOWN_TEXT, Entry
from services.submit.text import BROKEN, LONGEST_LINE, broken, shown


def from_json(ligands: Sequence[JsonValue]) -> Iterator[Entry]:
    """Rows of ``[{"name"?, "smiles"}, …]``; the line is the 1-based place in the list."""
    for line, item in enumerate(ligands, start=1):
        text = str(item)[:SHOWN_TEXT]
        if not isinstance(item, Mapping):
            yield Entry(line, text, problem='not an object; write {"name": …, "smiles": …}')
            continue
        name, smiles = item.get("name"), item.get("smiles")
        unknown = sorted(set(item) - {"name", "smiles"})
        if not isinstance(smiles, str) or not smiles.strip():
            yield Entry(line, text, problem="has no 'smiles'")
        elif not isinstance(name, str | None):
            yield Entry(line, text, problem="'name' is not text")
        elif unknown:
            yield Entry(line, text, problem=f"unknown field {', '.join(unknown)}; there are name and smiles")
        else:
            yield Entry(line, smiles, (name or "").strip(), smiles.strip())


def from_smi(lines: Iterable[str]) -> Iterator[Entry]:
    """Rows of a ``.smi`` file: SMILES, white space, name. ``#`` begins a comment; a header is skipped."""
    begun = False
    for line, raw in enumerate(lines, start=1):
        row = raw.lstrip("\ufeff").strip()
        if not row or row.startswith("#"):
            continue
        if len(raw) > LONGEST_LINE:
            problem = f"the line has more than {LONGEST_LINE:,} characters"
            yield Entry(line, shown(row, SHOWN_TEXT), problem=problem)
            continue
        smiles, _, name = row.replace("\t", " ").partition(" ")
        if begun or smiles.lower() != "smiles":
            yield _whole(Entry(line, shown(row, SHOWN_TEXT), name.strip(), smiles), row)
        begun = True


def from_csv(lines: Iterable[str]) -> Iterator[Entry]:
    """
    Rows of a table; delimiter, header and columns are found from its beginning.

    Further columns are kept as ``data``. Raises ValueError if no column holds SMILES.
    """
    lines = iter(lines)
    before = list(_until_text(lines))
    rows = _table(itertools.chain(before, lines), delimiter_of(before))
    head = list(itertools.islice(rows, 21))
    columns = find_columns([row.cells for row in head])
    for row in itertools.chain(head[columns.header :], rows):
        yield _whole(_csv_entry(row, columns), *row.cells)


def _until_text(lines: Iterator[str]) -> Iterator[str]:
    """Lines up to the first that is not blank, without the mark of the byte order."""
    for number, line in enumerate(lines):
        text = line if number else line.lstrip("\ufeff")
        yield text
        if text.strip():
            return


def _whole(entry: Entry, *texts: str) -> Entry:
    """The entry, refused if what it was read from is not text."""
    if entry.problem is None and any(broken(text) for text in texts):
        return Entry(entry.line, entry.text, problem=BROKEN)
    return entry


@dataclass(frozen=True)
class _Row:
    """A record of a table that begins on ``line``; ``problem`` says why its cells could not be read."""

    line: int
    cells: list[str]
    problem: str | None = None


class _Records:
    """Lines for a CSV reader; those of one record are bounded together, as a quote may not be closed."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.number = 0
        self.size = 0
        self._lines = iter(lines)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        self.size += len(line)
        if self.size > LONGEST_LINE:
            raise csv.Error(f"more than {LONGEST_LINE:,} characters in one row")
        return line


def _table(lines: Iterable[str], delimiter: str) -> Iterator[_Row]:
    records = _Records(lines)
    reader = csv.reader(records, delimiter=delimiter)
    while (row := _next_row(reader, records.number + 1)) is not None:
        if row.problem or any(row.cells):
            yield row
        records.size = 0


def _next_row(reader: Iterator[list[str]], line: int) -> _Row | None:
    """The next record; None at the end. The reader goes on behind one that it cannot read."""
    try:
        return _Row(line, [cell.strip() for cell in next(reader)])
    except StopIteration:
        return None
    except csv.Error as error:
        return _Row(line, [], f"cannot be read: {error}; is a quote not closed?")


def _csv_entry(row: _Row, columns: Columns) -> Entry:
    line, cells, text = row.line, row.cells, shown(",".join(row.cells), SHOWN_TEXT)
    if row.problem:
        return Entry(line, text, problem=row.problem)
    if len(cells) <= columns.smiles or not cells[columns.smiles]:
        return Entry(line, text, problem=f"has nothing in column {columns.smiles + 1}, the SMILES")
    if len(cells) > columns.width:
        return Entry(line, text, problem=f"has {len(cells)} columns where the first row has {columns.width}")
    name = cells[columns.name] if columns.name is not None and len(cells) > columns.name else ""
    data = {label: cells[i] for i, label in columns.others.items() if i < len(cells) and cells[i]}
    return Entry(line, text, name, cells[columns.smiles], data=data)
