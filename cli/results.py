"""The ranked results of a batch: page by page as a table, CSV or JSON; or whole, as one file."""

import csv
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, TextIO

from cli.connection import Connection

PAGE = 500

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
