"""Rows of one kind in a temporary file, in chunks of 1,000, until the whole library was read."""

import tempfile
import zlib
from collections.abc import Iterator

from shared.models.base import Frozen
from shared.steps import manifest


class Spool:
    """Memory holds one chunk; the file goes away with the spool."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._sizes = list[int]()
        self._lines = list[str]()

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, row: Frozen) -> None:
        """Keep a row behind those that are there."""
        self._lines.append(manifest.line(row))
        if len(self._lines) == manifest.CHUNK:
            self._close_chunk()

    def chunks(self) -> Iterator[list[str]]:
        """The lines of each chunk. A name may hold what Python, but not JSON, takes for a line's end."""
        if self._lines:
            self._close_chunk()
        self._file.seek(0)
        for size in self._sizes:
            lines = zlib.decompress(self._file.read(size)).decode().split("\n")
            yield [f"{line}\n" for line in lines[:-1]]

    def _close_chunk(self) -> None:
        self._sizes.append(self._file.write(zlib.compress("".join(self._lines).encode(), 1)))
        self._lines.clear()
