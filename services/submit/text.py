"""The text of a library as it comes in: in pieces, perhaps compressed, never whole in memory."""

import gzip
import io
import itertools
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, TextIO

GZIP = b"\x1f\x8b"
MOST_BYTES = 256 * 1024 * 1024
LONGEST_LINE = 1024 * 1024
BROKEN = "is not UTF-8 text"
FOREIGN = {
    b"PK\x03\x04": "is a ZIP archive or a workbook; give the table as CSV, or compress it with gzip",
    b"BZh": "is compressed with bzip2; compress it with gzip",
    b"\xfd7zX": "is compressed with xz; compress it with gzip",
    b"\x28\xb5\x2f\xfd": "is compressed with Zstandard; compress it with gzip",
    b"\xff\xfe": "is UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "is UTF-16 text; save it as UTF-8",
}
_HEAD = 4


@contextmanager
def opened(pieces: Iterable[bytes], *, most_bytes: int = MOST_BYTES) -> Iterator[TextIO]:
    """
    The text in the pieces, gzip or not; bytes that are no UTF-8 become surrogates (see ``broken``).

    Inside, ValueError is raised for more than ``most_bytes`` (decompressed, so that a small file
    cannot unpack to a huge one), for a damaged gzip file, and for what is no text at all.
    """
    pieces = iter(pieces)
    head = _at_least(_HEAD, pieces)
    for magic, problem in FOREIGN.items():
        if head.startswith(magic):
            raise ValueError(problem)
    raw = io.BufferedReader(_Pieces(itertools.chain([head], pieces)))
    binary: BinaryIO = gzip.GzipFile(fileobj=raw) if head.startswith(GZIP) else raw  # type: ignore[assignment]
    counted = io.BufferedReader(_Counted(binary, most_bytes))
    try:
        yield io.TextIOWrapper(counted, encoding="utf-8-sig", errors="surrogateescape", newline="")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"is no whole gzip file: {error}") from error


def lines(text: TextIO) -> Iterator[str]:
    """
    The lines with their ends; of one of more than a million characters one more than that, and no more.

    So its row is found too long, and the rows behind it are read. ValueError if the first is so long.
    """
    first = text.readline(LONGEST_LINE + 1)
    if len(first) > LONGEST_LINE:
        raise ValueError(f"line 1 has more than {LONGEST_LINE:,} characters; is this a text file?")
    line = first
    while line:
        yield line
        while len(line) > LONGEST_LINE and not line.endswith(("\n", "\r")):
            line = text.readline(LONGEST_LINE + 1)
        line = text.readline(LONGEST_LINE + 1)


def broken(text: str) -> bool:
    """Whether the text has bytes that are no UTF-8."""
    return not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text)


def shown(text: str, most: int) -> str:
    """The text as it can be told: one line, at most so many characters, no half characters."""
    return " ".join(text[: 2 * most].encode(errors="replace").decode().split())[:most]


def _at_least(size: int, pieces: Iterator[bytes]) -> bytes:
    head = b""
    while len(head) < size and (piece := next(pieces, None)) is not None:
        head += piece
    return head


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a file."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


class _Counted(io.RawIOBase):
    """A file that may be read so far and no further."""

    def __init__(self, source: BinaryIO, most: int) -> None:
        self._source = source
        self._most = most
        self._left = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._source.read(min(len(buffer), 1 << 16))
        self._left -= len(piece)
        if self._left < 0:
            raise ValueError(f"has more than {self._most:,} bytes of text, which is all that is accepted")
        buffer[: len(piece)] = piece
        return len(piece)
