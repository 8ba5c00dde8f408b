"""Where a page stands among what there is."""

from shared.models.base import Frozen


class OnePage(Frozen):
    """A page, counted from 1, and what there is around it."""

    page: int
    page_size: int
    total_results: int
    total_pages: int
    has_next: bool
    has_previous: bool


class SiftedPage(Frozen):
    """
    A page of what a filter takes. Totals are null where the end was not seen.

    ``next_after``, given as ``after``, leads on; ``looked_at`` counts the rows that the filter was tried on.
    """

    page: int
    page_size: int
    total_results: int | None
    total_pages: int | None
    has_next: bool
    has_previous: bool
    next_after: int | None
    looked_at: int
