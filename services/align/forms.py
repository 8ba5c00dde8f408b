"""An alignment in the forms that models read: pure. The same rows give the same bytes."""

import io
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
from pyarrow import parquet

from services.align.archive import ENVIRONMENTAL, UNIREF, Hits

UNPAIRED = -1
SOURCES = {UNIREF: "uniref90", ENVIRONMENTAL: "bfd_uniclust"}
"""What Chai calls the databases that its own client asks the same server for."""

COLUMNS = ("sequence", "source_database", "pairing_key", "comment")


def boltz_csv(sequence: str, hits: Iterable[Hits]) -> bytes:
    """Columns ``key`` and ``sequence``; the query is the first row, and no row is paired."""
    rows = [sequence, *(row for found in hits for row in found.rows)]
    return "".join(["key,sequence\n", *(f"{UNPAIRED},{row}\n" for row in rows)]).encode()


def chai_parquet(sequence: str, hits: Iterable[Hits]) -> bytes:
    """One table of all databases; the query is its first row, and no row is paired."""
    rows = list(_labelled(sequence, hits))
    columns: Sequence[Sequence[str]] = ([row for row, _ in rows], [it for _, it in rows], [""] * len(rows))
    arrays = [pa.array(column, pa.string()) for column in (*columns, columns[-1])]
    target = io.BytesIO()
    parquet.write_table(pa.table(arrays, names=list(COLUMNS)), target, compression="snappy")
    return target.getvalue()


def _labelled(sequence: str, hits: Iterable[Hits]) -> Iterator[tuple[str, str]]:
    yield sequence, "query"
    for found in hits:
        yield from ((row, SOURCES[found.database]) for row in found.rows)
