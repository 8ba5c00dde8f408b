"""What is kept of the search for a sequence's multiple sequence alignment."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from shared.models.base import Count, Frozen, Instant, Sha256
from shared.models.batch import StoredInput


class Alignment(Frozen):
    """
    The fact that the alignment of a sequence is there, and where it comes from; stored last.

    ``rows``: sequences by database, as found; ``depth``: rows that were kept, the query included.
    ``files``: the alignment in each form, by the name of its object.
    """

    sequence: Sha256
    server: str
    mode: str
    found_at: Instant
    rows: Mapping[str, Count]
    depth: Annotated[int, Field(ge=1)]
    archive: StoredInput
    files: Mapping[str, StoredInput]


class Futile(Frozen):
    """A search that ended without an alignment, and why; after some minutes another may be made."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]
    failed_at: Instant


class Wish(Frozen):
    """A batch waits for the alignment; ``asked_at``: when that was last announced."""

    asked_at: Instant


class Search(Frozen):
    """
    A search under way, and until when it is somebody's.

    ``ticket`` is the server's name of it. ``refusals`` counts answers that told to come back later,
    ``flaws`` those that were no alignment of the sequence; ``trouble`` is the last of either.
    """

    begun_at: Instant
    until: Instant
    ticket: str | None = None
    refusals: Count = 0
    flaws: Count = 0
    trouble: str | None = None
