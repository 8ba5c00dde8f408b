"""The ranked rows of a finished batch, in pages that ``aggregate`` writes and ``api`` reads."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

from shared.ports.blobs import Blobs

ROWS_PER_PAGE = 500


def page_key(batch_id: str, page: int) -> str:
    """The object that holds rows ``500 * page`` and on, best first."""
    return f"batches/{batch_id}/results/rows-{page:05d}.jsonl.gz"


def rows(blobs: Blobs, batch_id: str, *, start: int, count: int) -> Iterator[dict[str, Any]]:
    """Rows ``start`` to ``start + count`` of a batch that has at least so many."""
    for page in range(start // ROWS_PER_PAGE, -(-(start + count) // ROWS_PER_PAGE)):
        lines = gzip.decompress(blobs.get(page_key(batch_id, page))).splitlines()
        first = page * ROWS_PER_PAGE
        for line in lines[max(0, start - first) : start + count - first]:
            yield json.loads(line)
