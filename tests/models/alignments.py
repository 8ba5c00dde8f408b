"""An alignment as a server sends it, and what our service hands on of it."""

from services.align.archive import Hits, read
from tests.support.msa_server import ENVIRONMENTAL, UNIREF, a3m, packed

ROWS = {UNIREF: 5, ENVIRONMENTAL: 9}
UNIQUE = 1 + max(ROWS.values())
"""Rows that differ, the query among them: the smaller database has none that the larger one has not."""


def texts(sequence: str) -> list[str]:
    """By database, the A3M file of a search for the sequence."""
    return [a3m(sequence, rows).rstrip("\0") for rows in ROWS.values()]


def searched(sequence: str) -> list[Hits]:
    """What our service reads of the same search."""
    answer = packed({name: a3m(sequence, rows) for name, rows in ROWS.items()})
    return read(answer, sequence, mode="env", depth=100)
