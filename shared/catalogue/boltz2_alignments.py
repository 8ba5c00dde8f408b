"""Alignments that users give: read, checked against the chain, and written as the model reads them."""

import csv
import io
from collections.abc import Iterator

from shared.catalogue.boltz2_constraints import Alignment

LETTERS = frozenset("ACDEFGHIKLMNPQRSTVWYXBJOUZ-")
UNPAIRED = "-1"
Row = tuple[str, str]


def as_csv(alignment: Alignment, sequence: str) -> bytes:
    """
    The alignment with the columns ``key`` and ``sequence``, one line to a row.

    The model looks at none of this: another protein's alignment gives figures, too.

    Raises:
        ValueError: it is empty or no alignment, or its first row is not ``sequence``.
    """
    rows = list(_a3m(alignment.content) if alignment.format == "a3m" else _csv(alignment.content))
    if not rows:
        raise ValueError("holds no sequence")
    first = _without_insertions(rows[0][1])
    if first.replace("-", "") != sequence:
        raise ValueError(
            f"its first row ({len(first.replace('-', ''))} residues) is not the sequence of the chain "
            f"({len(sequence)} residues)"
        )
    for number, (_, row) in enumerate(rows, start=1):
        _check_row(number, row, len(first))
    if len(first) != len(sequence):
        raise ValueError("its first row has gaps; the columns must be the residues of the chain")
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(("key", "sequence"))
    table.writerows([(UNPAIRED, sequence), *rows[1:]] if alignment.format == "a3m" else rows)
    return written.getvalue().encode()


def _without_insertions(row: str) -> str:
    return "".join(letter for letter in row if not letter.islower())


def _check_row(number: int, row: str, columns: int) -> None:
    aligned = _without_insertions(row)
    if len(aligned) != columns:
        raise ValueError(f"row {number} has {len(aligned)} columns where the first has {columns}")
    wrong = sorted(set(aligned) - LETTERS)
    if wrong or not row.isascii():
        raise ValueError(f"row {number} has letters that are no residues: {', '.join(wrong) or 'not ASCII'}")


def _a3m(text: str) -> Iterator[Row]:
    """Rows without headers; one may take several lines, which the model would take for several rows."""
    parts: list[str] = []
    for line in (*text.splitlines(), ">"):
        line = line.strip()
        if line.startswith(">"):
            if parts:
                yield UNPAIRED, "".join(parts)
            parts = []
        elif line and not line.startswith("#"):
            parts.append(line.replace(".", ""))


def _csv(text: str) -> Iterator[Row]:
    table = csv.DictReader(io.StringIO(text))
    if sorted(table.fieldnames or ()) != ["key", "sequence"]:
        raise ValueError("must have the columns key and sequence")
    for number, row in enumerate(table, start=1):
        key, sequence = (row["key"] or "").strip() or UNPAIRED, (row["sequence"] or "").strip()
        if not key.removeprefix("-").isdigit() or len(key) > 9:
            raise ValueError(f"row {number} has the key {key[:20]!r}; keys are whole numbers, -1 is unpaired")
        if sequence:
            yield key, sequence
