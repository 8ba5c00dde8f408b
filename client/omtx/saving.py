"""Files from the server, whole and checked, or not at all."""

import base64
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from omtx.calls import Reply
from omtx.errors import Damaged, Unusable

SHA256 = re.compile(r'(?:W/)?"([0-9a-f]{64})"')
MD5 = re.compile(r"md5=([A-Za-z0-9+/]{22}==)")
NAME = re.compile(r'filename="([^"/\\]+)"')


@dataclass(frozen=True)
class File:
    """A file of a job, in memory; ``name`` is the one that the server gives it."""

    name: str
    content: bytes

    @property
    def text(self) -> str:
        """The file as text."""
        return self.content.decode()

    def save(self, path: str | os.PathLike[str] | None = None) -> Path:
        """Write it to ``path``, a file or a folder, else into the current one; where it is then."""
        place = Path(path or ".")
        place = place / self.name if place.is_dir() else place
        with saved(place) as file:
            file.write(self.content)
        return place

    def __repr__(self) -> str:
        return f"<file {self.name}, {len(self.content)} bytes>"


class Download:
    """
    What is written to a file as it comes.

    Goes on where a broken connection left off, if the server can do that and still has the same file;
    begins again otherwise. Servers name a digest in different ways; the one that is named is compared.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._origin = file.tell() if file.seekable() else 0
        self._received, self._tag = 0, ""
        self._hashes = (hashlib.sha256(), hashlib.md5(usedforsecurity=False))
        self.expected: tuple[str, str] | None = None

    def onward(self) -> Mapping[str, str]:
        """See ``Sink``. Compressed on its way, a file would have other places."""
        whole = {"Accept-Encoding": "identity"}
        if not self._received or not self._tag:
            return whole
        return {**whole, "Range": f"bytes={self._received}-", "If-Range": self._tag}

    def begin(self, reply: Reply) -> None:
        """See ``Sink``."""
        goes_on = reply.headers.get("content-range", "").startswith(f"bytes {self._received}-")
        if reply.status == 206 and goes_on:
            return
        if self._received:
            self._file.seek(self._origin)
            self._file.truncate()
        self._received = 0
        self._hashes = (hashlib.sha256(), hashlib.md5(usedforsecurity=False))
        tag = reply.headers.get("etag", "")
        self._tag = tag if tag.startswith('"') else ""  # a weak one says nothing about bytes
        self.expected = digest_in(reply.headers)

    def write(self, piece: bytes) -> None:
        """See ``Sink``."""
        self._file.write(piece)
        self._received += len(piece)
        for it in self._hashes:
            it.update(piece)

    def check(self) -> None:
        """Damaged if the server named a digest and the bytes have another."""
        if self.expected is None:
            return
        kind, wanted = self.expected
        found = {it.name: it.hexdigest() for it in self._hashes}[kind]
        if found != wanted:
            raise Damaged(f"the file arrived with {kind} {found}; the server's has {wanted}")


def digest_in(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """The digest that an answer names, as (algorithm, hex): the platform's tag, or that of a cloud bucket."""
    if match := SHA256.fullmatch(headers.get("etag", "")):
        return "sha256", match[1]
    if match := MD5.search(headers.get("x-goog-hash", "")):
        return "md5", base64.b64decode(match[1]).hex()
    return None


def name_in(headers: Mapping[str, str], otherwise: str) -> str:
    """The name under which the server wants a file to be saved, which is no path."""
    match = NAME.search(headers.get("content-disposition", ""))
    return match[1] if match and match[1] not in (".", "..") else otherwise


@contextmanager
def saved(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name only when it is complete; Unusable if it cannot be written."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w+b") as file:
            yield file
        part.replace(path)
    except OSError as error:
        if isinstance(error, ConnectionError | TimeoutError):  # the server's, and not the disk's
            raise
        raise Unusable(f"{path} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
