"""Pages, as requests ask for them."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]


@dataclass(frozen=True)
class Page:
    """A 1-based page of ``size`` things."""

    number: int
    size: int

    @property
    def start(self) -> int:
        """How many things come before it."""
        return (self.number - 1) * self.size

    def describe(self, total: int) -> dict[str, int | bool]:
        """The page's place among ``total`` things."""
        pages = -(-total // self.size)
        return {
            "page": self.number,
            "page_size": self.size,
            "total_results": total,
            "total_pages": pages,
            "has_next": self.number < pages,
            "has_previous": self.number > 1,
        }
