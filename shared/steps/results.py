"""
What ``aggregate`` writes of a finished batch and ``api`` reads part by part.

The ranked rows in pages; and the list of all artefacts in ``manifest.json``, one a line.
"""

import gzip
import json
from collections.abc import Iterator
from typing import Any

from shared.models.work import Artefact
from shared.ports.blobs import Blobs

ROWS_PER_PAGE = 500
LIST = b' "artefacts": ['


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


def manifest_key(batch_id: str) -> str:
    """The object that lists every other artefact of the batch and of its jobs."""
    return f"batches/{batch_id}/manifest.json"


def manifest_head(blobs: Blobs, batch_id: str) -> dict[str, Any]:
    """All of the manifest but its list of artefacts, which is as long as the library."""
    found = b""
    for line in _lines(blobs.stream(manifest_key(batch_id))):
        if line.startswith(LIST):
            break
        found += line + b"\n"
    head: dict[str, Any] = json.loads(found.rstrip().rstrip(b",") + b"}")
    return head


def listed(blobs: Blobs, batch_id: str) -> Iterator[Artefact]:
    """
    What the manifest lists, as it is read. Raise NotFound if there is no manifest.

    Raises:
        ValueError: it is not one that ``aggregate`` wrote.
    """
    return listed_in(blobs.stream(manifest_key(batch_id)))


def listed_in(manifest: Iterator[bytes]) -> Iterator[Artefact]:
    """
    What a manifest lists, as its pieces are read.

    Raises:
        ValueError: it is not one that ``aggregate`` wrote.
    """
    lines = _lines(manifest)
    for line in lines:
        if line.startswith(LIST):
            break
    for line in lines:
        if line.startswith(b" ]"):
            return
        yield Artefact.model_validate_json(line.rstrip(b","))
    raise ValueError("the manifest ends before its list of artefacts does")


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest
