"""What a server's archive holds, checked against the sequence that was searched: pure."""

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

UNIREF, ENVIRONMENTAL = "uniref", "environmental"
MEMBERS: Mapping[str, Mapping[str, str]] = {
    "all": {UNIREF: "uniref.a3m"},
    "env": {UNIREF: "uniref.a3m", ENVIRONMENTAL: "bfd.mgnify30.metaeuk30.smag30.a3m"},
}
"""The file of each database by the mode of the search."""

MOST_UNPACKED_BYTES = 512 * 1024 * 1024
PIECE_BYTES = 1024 * 1024
_ROW = re.compile(r"[A-Za-z-]+")
_INSERTION = re.compile(r"[a-z]")


class Flawed(ValueError):
    """It is no alignment of the sequence."""


@dataclass(frozen=True)
class Hits:
    """
    Sequences of one database, aligned to the query, which is not among them.

    Insertions are in lower case, gaps are ``-``. ``found`` counts those left out, too.
    """

    database: str
    rows: Sequence[str]
    found: int


def read(archive: bytes, sequence: str, *, mode: str, depth: int) -> list[Hits]:
    """
    The hits of each database, at most ``depth`` rows of all, the query included; the first ones stay.

    Raises:
        Flawed: no archive, a file is missing, or it holds anything but alignments to ``sequence``.
    """
    room, hits = depth - 1, []
    try:
        _check_whole(archive)
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as packed:
            for database, name in MEMBERS[mode].items():
                found = _hits(_member(packed, name), sequence, database, room)
                room -= len(found.rows)
                hits.append(found)
    except (tarfile.TarError, zlib.error, EOFError, OSError, UnicodeDecodeError) as error:
        raise Flawed(f"the archive cannot be read: {type(error).__name__}") from error
    return hits


def _check_whole(archive: bytes) -> None:
    """Unpack all of it once: its checksum tells whether it broke off, and nothing of it fills the memory."""
    size = 0
    with gzip.open(io.BytesIO(archive)) as unpacked:
        while piece := unpacked.read(PIECE_BYTES):
            size += len(piece)
            if size > MOST_UNPACKED_BYTES:
                raise Flawed(f"it holds more than {MOST_UNPACKED_BYTES:,} bytes")


def _member(packed: tarfile.TarFile, name: str) -> IO[bytes]:
    found = next((it for it in packed if it.isfile() and it.name.removeprefix("./") == name), None)
    if found is None:
        raise Flawed(f"the archive has no {name}")
    member = packed.extractfile(found)
    assert member is not None, "a regular file can be read"
    return member


def _hits(member: IO[bytes], sequence: str, database: str, room: int) -> Hits:
    rows = _rows(member)
    if _without_gaps(next(rows, "")) != sequence:
        raise Flawed(f"the first row of the {database} alignment is not the sequence that was searched")
    kept: list[str] = []
    found = 0
    for row in rows:
        found += 1
        if not _ROW.fullmatch(row) or len(_INSERTION.sub("", row)) != len(sequence):
            raise Flawed(f"row {found + 1} of the {database} alignment has another length, or other letters")
        if len(kept) < room:
            kept.append(row)
    return Hits(database, kept, found)


def _rows(member: IO[bytes]) -> Iterator[str]:
    """The sequences of one query; a zero byte ends them, as the interface answers several in one file."""
    row: list[str] = []
    for line in member:
        text, ends, _ = line.decode("ascii").partition("\0")
        if text.startswith(">") or (ends and not text):
            if row:
                yield "".join(row)
            row = []
        elif text.strip():
            row.append(text.strip())
        if ends:
            break
    if row:
        yield "".join(row)


def _without_gaps(row: str) -> str:
    return _INSERTION.sub("", row).replace("-", "")
