"""Pages of what a filter takes from a long list that is read in stretches: pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.api.pages import Page

MOST_LOOKED_AT = 1500
"""Rows that one request looks through: as many as the largest page without a filter has."""

Row = Mapping[str, Any]
Read = Callable[[int, int], Sequence[Row]]
"""Rows by how many come before, and how many."""


@dataclass(frozen=True)
class Sifted:
    """A page; ``next_after`` rows of the list are behind it, None where the list has ended."""

    rows: Sequence[Row]
    total: int | None
    next_after: int | None
    looked_at: int

    def describe(self, page: Page, *, after: int | None) -> dict[str, int | bool | None]:
        """The page's place; totals are null where the end of the list was not seen."""
        return {
            "page": page.number,
            "page_size": page.size,
            "total_results": self.total,
            "total_pages": None if self.total is None else -(-self.total // page.size),
            "has_next": self.next_after is not None,
            "has_previous": page.number > 1 or bool(after),
            "next_after": self.next_after,
            "looked_at": self.looked_at,
        }


def sifted(
    read: Read, takes: Callable[[Row], bool], page: Page, *, total: int, after: int | None, at_once: int
) -> Sifted:
    """
    The page of what is taken, by its number or behind ``after`` rows; ``total`` rows there are in all.

    It is looked for among MOST_LOOKED_AT rows: the page may be short, or empty, and yet have more behind it.
    """
    began, most = min(after or 0, total), page.start + page.size
    end = min(total, began + MOST_LOOKED_AT)
    found, looked_at = list[tuple[int, Row]](), 0
    for place, row in _stretches(read, began, end, at_once):
        looked_at += 1
        if takes(row):
            found.append((place, row))
        if len(found) > most:
            break
    shown = found[page.start : most]
    exhausted = len(found) <= most and end == total
    behind = found[most - 1][0] + 1 if len(found) > most else end
    return Sifted(
        rows=[row for _, row in shown],
        total=len(found) if exhausted and not after else None,
        next_after=None if exhausted else behind,
        looked_at=looked_at,
    )


def _stretches(read: Read, began: int, end: int, at_once: int) -> Iterator[tuple[int, Row]]:
    for start in range(began, end, at_once):
        yield from enumerate(read(start, min(at_once, end - start)), start=start)
