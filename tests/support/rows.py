"""One row of a library, taken by itself."""

from services.submit import checking
from services.submit.entries import Entry
from services.submit.filters import MoleculeFilters
from services.submit.intake import row_of
from shared.models.batch import LibraryRow, RejectedRow


def check(
    entry: Entry, filters: MoleculeFilters = checking.NO_FILTERS, *, index: int, position: int
) -> LibraryRow | RejectedRow:
    """The row as a job at ``position``, or rejected with the reason."""
    return row_of(*checking.check(entry, filters), index=index, position=position)
