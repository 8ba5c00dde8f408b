"""
The library as it was submitted, in chunks of 1,000 rows.

Ligands are chunked by position, so that any job's row is found by arithmetic; rows that repeat one,
and rejected rows, are chunked by themselves. Each row carries its 0-based ``index`` in the library,
so all together are the library in input order.
"""

import gzip
import heapq
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from threading import Lock
from typing import TypeVar

from shared.domain.identity import digest
from shared.errors import NotFound
from shared.models.base import Frozen
from shared.models.batch import Batch, DuplicateRow, LibraryRow, RejectedRow
from shared.ports.blobs import Blobs, Stat

CHUNK = 1000
# Jobs in flight lie close together, those of a batch in a few chunks; the more the further its leaves
# drift apart. As text a chunk takes some 200 kB, a tenth of what its rows take.
_CACHED_CHUNKS = 16
R = TypeVar("R", bound=Frozen)


def store_of(batch_id: str, fingerprint: str) -> str:
    """The key prefix of a submission's library and inputs."""
    return f"batches/{batch_id}/submitted/{fingerprint[:16]}"


def jobs_key(store: str, chunk: int) -> str:
    """The object that holds the ligands at positions ``1000 * chunk`` and on."""
    return f"{store}/jobs-{chunk:05d}.jsonl.gz"


def rejected_key(store: str, chunk: int) -> str:
    """The object that holds the ``chunk``-th thousand of rejected rows."""
    return f"{store}/rejected-{chunk:05d}.jsonl.gz"


def duplicates_key(store: str, chunk: int) -> str:
    """The object that holds the ``chunk``-th thousand of rows that repeat a ligand."""
    return f"{store}/duplicates-{chunk:05d}.jsonl.gz"


def chunk_keys(batch: Batch) -> Iterator[str]:
    """The keys of all chunks of the library, ligands first."""
    rejected = batch.counts.invalid + batch.counts.filtered
    yield from (jobs_key(batch.store, chunk) for chunk in range(-(-batch.counts.jobs // CHUNK)))
    yield from (duplicates_key(batch.store, chunk) for chunk in range(-(-batch.counts.duplicates // CHUNK)))
    yield from (rejected_key(batch.store, chunk) for chunk in range(-(-rejected // CHUNK)))


def library_digest(chunks: Iterable[Stat]) -> str:
    """One SHA-256 for the whole library: that of its chunks' digests by name."""
    return digest({chunk.key.rpartition("/")[2]: chunk.sha256 for chunk in chunks})


def encode(rows: Sequence[Frozen]) -> bytes:
    """A chunk's bytes; the same rows always give the same bytes."""
    return compressed(line(row) for row in rows)


def line(row: Frozen) -> str:
    """A row as a chunk holds it."""
    return f"{row.model_dump_json(exclude_defaults=True)}\n"


def with_copies(lines: list[str], copies: Iterable[tuple[int, int]], start: int) -> bytes:
    """A chunk's bytes from the lines of its ligands, the first at ``start``, and who has how many rows."""
    for position, count in copies:
        lines[position - start] = f'{lines[position - start][:-2]},"copies":{count}}}\n'
    return compressed(lines)


def compressed(lines: Iterable[str]) -> bytes:
    """A chunk's bytes from its lines."""
    return gzip.compress("".join(lines).encode(), compresslevel=6, mtime=0)


class Manifest:
    """Reads rows of any batch; the last few chunks stay in memory as lines, as they never change."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._cache: OrderedDict[str, list[bytes]] = OrderedDict()
        self._lock = Lock()

    def row(self, batch: Batch, position: int) -> LibraryRow:
        """The row of the job at ``position``; NotFound if there is none."""
        lines = self._chunk(batch.store, position // CHUNK)
        if not 0 <= position % CHUNK < len(lines):
            raise NotFound(f"batch {batch.batch_id} has no job at position {position}")
        return LibraryRow.model_validate_json(lines[position % CHUNK])

    def copies(self, batch: Batch, position: int) -> int:
        """How many rows of the library the job stands for; reads nothing where none is repeated."""
        return self.row(batch, position).copies if batch.counts.duplicates else 1

    def rows(self, batch: Batch, start: int = 0) -> Iterator[LibraryRow]:
        """Ligands in order of position, from ``start``."""
        for chunk in range(start // CHUNK, -(-batch.counts.jobs // CHUNK)):
            lines = self._chunk(batch.store, chunk)[max(0, start - chunk * CHUNK) :]
            yield from map(LibraryRow.model_validate_json, lines)

    def rejected(self, batch: Batch) -> Iterator[RejectedRow]:
        """Rejected rows in the order of the library."""
        return self.refused(batch.store, batch.counts.invalid + batch.counts.filtered)

    def refused(self, store: str, count: int) -> Iterator[RejectedRow]:
        """The ``count`` rejected rows of a submission that may not have become a batch."""
        for chunk in range(-(-count // CHUNK)):
            yield from _decode(self._blobs.get(rejected_key(store, chunk)), RejectedRow)

    def duplicates(self, batch: Batch) -> Iterator[DuplicateRow]:
        """Rows that repeat a ligand, in the order of the library."""
        for chunk in range(-(-batch.counts.duplicates // CHUNK)):
            yield from _decode(self._blobs.get(duplicates_key(batch.store, chunk)), DuplicateRow)

    def library(self, batch: Batch) -> Iterator[LibraryRow | DuplicateRow | RejectedRow]:
        """Every submitted row once, in the order of the library."""
        parts: Iterable[Iterable[LibraryRow | DuplicateRow | RejectedRow]]
        parts = (self.rows(batch), self.duplicates(batch), self.rejected(batch))
        return heapq.merge(*parts, key=lambda row: row.index)

    def _chunk(self, store: str, chunk: int) -> list[bytes]:
        key = jobs_key(store, chunk)
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        lines = gzip.decompress(self._blobs.get(key)).splitlines()
        with self._lock:
            self._cache[key] = lines
            if len(self._cache) > _CACHED_CHUNKS:
                self._cache.popitem(last=False)
        return lines


def _decode(data: bytes, kind: type[R]) -> Iterator[R]:
    return (kind.model_validate_json(line) for line in gzip.decompress(data).splitlines())
