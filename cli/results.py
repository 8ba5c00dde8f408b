"""The ranked results of a batch: page by page as a table, CSV or JSON; or whole, as one file."""

import csv
import io
import itertools
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, TextIO, cast

from omtx.results import Pocket
from omtx.rows import Page

from cli.connection import Connection
from cli.errors import explained

PAGE = 500
IN_MEMORY = 8 * 1024 * 1024

Row = dict[str, Any]


@dataclass(frozen=True)
class Results:
    """What comes before the rows (``head``), and the rows: read from the server as they are taken."""

    head: Mapping[str, Any]
    rows: Iterator[Row]


def results(
    connection: Connection, batch_id: str, *, top: int | None = None, pocket: Pocket | None = None
) -> Results:
    """The results, best first; at most ``top`` rows, or only those in or out of the pocket."""
    pages = connection.screen(batch_id).pages(min(PAGE, top or PAGE), pocket)
    with explained():
        first = next(pages)
    head = {name: value for name, value in first.raw.items() if name not in ("results", "pagination")}
    return Results(head, itertools.islice(_rows(itertools.chain([first], pages)), top))


def _rows(pages: Iterator[Page]) -> Iterator[Row]:
    with explained():
        for page in pages:
            yield from map(dict, page.documents)


def write_json(found: Results, file: TextIO) -> None:
    """One JSON document; its rows are written as they come, so that a large library needs no memory."""
    file.write(json.dumps({**found.head}, indent=2, ensure_ascii=False)[:-2] + ',\n  "results": [')
    for number, row in enumerate(found.rows):
        file.write(("," if number else "") + "\n    " + json.dumps(row, ensure_ascii=False))
    file.write("\n  ]\n}\n")


def write_csv(connection: Connection, batch_id: str, file: TextIO, *, top: int | None) -> None:
    """The batch's CSV artefact; the header and at most ``top`` rows."""
    most = None if top is None else top + 1
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as whole:
        with explained():
            connection.screen(batch_id).export("csv", cast(BinaryIO, whole))
        whole.seek(0)
        rows = csv.reader(io.TextIOWrapper(cast(BinaryIO, whole), encoding="utf-8", newline=""))
        csv.writer(file, lineterminator="\n").writerows(itertools.islice(rows, most))


def write_export(
    connection: Connection, batch_id: str, form: str, file: BinaryIO, *, structures: bool
) -> None:
    """The batch as one file, piece by piece; it is refused before the batch is finished."""
    with explained():
        connection.screen(batch_id).export(form, file, structures=structures)
