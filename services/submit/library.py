"""
Reading a library, row by row, from any of its forms.

Every row that is not blank counts as submitted. A reader never stops at a bad row: it yields it
with the reason, and goes on.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from services.submit.columns import Columns, delimiter_of, find_columns

LONGEST_NAME = 200
SHOWN_TEXT = 500


@dataclass(frozen=True)
class Entry:
    """One row as read. ``problem`` says why it cannot be used; else ``smiles`` is what it names."""

    line: int
    text: str
    name: str = ""
    smiles: str = ""
    problem: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)


def from_json(ligands: Sequence[JsonValue]) -> Iterator[Entry]:
    """Rows of ``[{"name"?, "smiles"}, …]``; the line is the 1-based place in the list."""
    for line, item in enumerate(ligands, start=1):
        text = str(item)[:SHOWN_TEXT]
        if not isinstance(item, Mapping):
            yield Entry(line, text, problem='not an object; write {"name": …, "smiles": …}')
            continue
        name, smiles = item.get("name") or "", item.get("smiles")
        unknown = sorted(set(item) - {"name", "smiles"})
        if not isinstance(smiles, str) or not smiles.strip():
            yield Entry(line, text, problem="has no 'smiles'")
        elif not isinstance(name, str):
            yield Entry(line, text, problem="'name' is not text")
        elif unknown:
            yield Entry(line, text, problem=f"unknown field {', '.join(unknown)}; there are name and smiles")
        else:
            yield Entry(line, smiles, name.strip(), smiles.strip())


def from_smi(text: str) -> Iterator[Entry]:
    """Rows of a ``.smi`` file: SMILES, white space, name. ``#`` begins a comment; a header is skipped."""
    for line, raw in enumerate(io.StringIO(text), start=1):
        row = raw.strip().lstrip("\ufeff")
        if not row or row.startswith("#") or (line == 1 and row.split()[0].lower() == "smiles"):
            continue
        smiles, _, name = row.replace("\t", " ").partition(" ")
        yield Entry(line, row[:SHOWN_TEXT], name.strip(), smiles)


def from_csv(text: str) -> Iterator[Entry]:
    """
    Rows of a table; delimiter, header and columns are found from its beginning.

    Further columns are kept as ``data``. Raises ValueError if no column holds SMILES.
    """
    text = text.lstrip("\ufeff")
    rows = _table(text, delimiter_of(text))
    head = [next(rows, None) for _ in range(21)]
    sample = [row for row in head if row is not None]
    columns = find_columns([cells for _, cells in sample])
    body = sample[1:] if columns.header else sample
    for line, cells in _chain(body, rows):
        yield _csv_entry(line, cells, columns)


def _table(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, [cell.strip() for cell in cells]
        line = reader.line_num + 1


def _chain(
    first: Iterable[tuple[int, list[str]]], rest: Iterable[tuple[int, list[str]]]
) -> Iterator[tuple[int, list[str]]]:
    yield from first
    yield from rest


def _csv_entry(line: int, cells: list[str], columns: Columns) -> Entry:
    text = ",".join(cells)[:SHOWN_TEXT]
    if len(cells) <= columns.smiles or not cells[columns.smiles]:
        return Entry(line, text, problem=f"has nothing in column {columns.smiles + 1}, the SMILES")
    if len(cells) > columns.width:
        return Entry(line, text, problem=f"has {len(cells)} columns where the first row has {columns.width}")
    name = cells[columns.name] if columns.name is not None and len(cells) > columns.name else ""
    data = {label: cells[i] for i, label in columns.others.items() if i < len(cells) and cells[i]}
    return Entry(line, text, name, cells[columns.smiles], data=data)
