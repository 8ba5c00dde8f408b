"""An object on its way out of a folder."""

from collections.abc import Iterator
from typing import BinaryIO

_PIECE = 1 << 20


class Pieces:
    """A file in pieces, closed at its end, or when nobody reads on: also if nobody began to."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = b"" if self._source.closed else self._source.read(_PIECE)
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        """Read no more."""
        self._source.close()
