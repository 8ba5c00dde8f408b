"""The ranked results of a batch: page by page as a table, CSV or JSON; or whole, as one file."""

import csv
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, TextIO

from rich.console import Group, RenderableType
from rich.table import Table

from cli.connection import Connection
from cli.text import cell

PAGE = 500
SHOWN = 50

Row = dict[str, Any]


@dataclass(frozen=True)
class Results:
    """What comes before the rows (``head``), and the rows: read from the server as they are taken."""

    head: Mapping[str, Any]
    rows: Iterator[Row]


def results(connection: Connection, batch_id: str, *, top: int | None = None) -> Results:
    """The results, best first; at most ``top`` rows."""
    size = min(PAGE, top or PAGE)
    first = connection.get(f"/api/v3/batches/{batch_id}/results", page=1, page_size=size)
    head = {name: value for name, value in first.items() if name not in ("results", "pagination")}
    return Results(head, itertools.islice(_rows(connection, batch_id, first, size), top))


def _rows(connection: Connection, batch_id: str, page: dict[str, Any], size: int) -> Iterator[Row]:
    number = 1
    while True:
        yield from page["results"]
        if not page["pagination"]["has_next"]:
            return
        number += 1
        page = connection.get(f"/api/v3/batches/{batch_id}/results", page=number, page_size=size)


def write_json(found: Results, file: TextIO) -> None:
    """One JSON document; its rows are written as they come, so that a large library needs no memory."""
    file.write(json.dumps({**found.head}, indent=2, ensure_ascii=False)[:-2] + ',\n  "results": [')
    for number, row in enumerate(found.rows):
        file.write(("," if number else "") + "\n    " + json.dumps(row, ensure_ascii=False))
    file.write("\n  ]\n}\n")


def write_csv(connection: Connection, batch_id: str, file: TextIO, *, top: int | None) -> None:
    """The batch's CSV artefact; the header and at most ``top`` rows."""
    most = None if top is None else top + 1
    with connection.lines(f"/api/v3/batches/{batch_id}/results", format="csv") as lines:
        rows = csv.reader(f"{line}\n" for line in lines)
        csv.writer(file, lineterminator="\n").writerows(itertools.islice(rows, most))


def write_export(
    connection: Connection, batch_id: str, form: str, file: BinaryIO, *, structures: bool
) -> None:
    """The batch as one file, piece by piece; it is refused before the batch is finished."""
    wanted = "true" if structures else None
    path = f"/api/v3/batches/{batch_id}/export/{form}"
    with connection.pieces(path, include_structures=wanted) as pieces:
        for piece in pieces:
            file.write(piece)


def table(found: Results, *, most: int = SHOWN) -> RenderableType:
    """The ranked table, with a line for each row that has no rank, and the accounting below."""
    rows = list(itertools.islice(found.rows, most))
    pieces: list[RenderableType] = [_ranked(found.head["ranking"], [row for row in rows if row["rank"]])]
    pieces += [cell(_unranked(row)) for row in rows if not row["rank"]]
    left = found.head["batch_summary"]["total_jobs"] - len(rows)
    if left > 0 and len(rows) == most:
        pieces.append(cell(f"… and {left} more; --top N or --output FILE shows them"))
    if any(row["test_model"] for row in rows):
        pieces.append(cell("These figures are those of a test model: they say nothing about the ligands."))
    if found.head["partial"]:
        pieces.append(cell(f"The batch is {found.head['batch_summary']['status']}; this is what there is."))
    return Group(*pieces, cell(found.head["accounting_sentence"]))


def _ranked(ranking: Mapping[str, Any], rows: list[Row]) -> Table:
    key = ranking["key"]
    drawn = Table()
    drawn.add_column("rank", justify="right")
    with_smiles = any(row["ligand_smiles"] is not None for row in rows)
    drawn.add_column("ligand" if with_smiles else "name", overflow="fold")
    drawn.add_column(f"{key}\n{ranking['unit']}\n{ranking['direction']}", justify="right")
    drawn.add_column("confidence", justify="right")
    if with_smiles:
        drawn.add_column("SMILES", overflow="fold")
    for row in rows:
        score = row["metrics"].get(key, row.get(key))
        cells = [row["rank"], row["ligand_name"], score, row["confidence"]]
        drawn.add_row(*map(cell, [*cells, row["ligand_smiles"]] if with_smiles else cells))
    return drawn


def _unranked(row: Row) -> str:
    reason = f": {row['error']['message']}" if row["error"] else ""
    named = row["ligand_name"] or row["ligand_smiles"] or row["item"].get("text", "")
    return f"line {row['line']}, {named}: {row['status']}{reason}"
