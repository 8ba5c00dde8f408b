"""Storing one object: in one request if it is small, piece by piece if not, never whole in memory."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from google.api_core.exceptions import NotFound as GoogleNotFound
from google.api_core.exceptions import PreconditionFailed
from google.cloud.storage import Blob

from shared.adapters.gcp.storage_errors import writing
from shared.ports.blobs import Stat

PIECE = 8 << 20
SHA256 = "sha256"
_KIND = "application/octet-stream"


class Taken(Exception):
    """The store did not find the object that the upload was to replace."""


class Source:
    """What the client library reads an upload from; ``digest`` and ``size`` are of what was read so far."""

    def __init__(self, head: bytearray, rest: Iterator[bytes]) -> None:
        self.digest = hashlib.sha256()
        self.size = 0
        self._ahead = head
        self._rest = rest

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes; fewer only at the end."""
        while len(self._ahead) < size and (piece := next(self._rest, None)) is not None:
            self._ahead += piece
        with memoryview(self._ahead) as ahead:
            found = bytes(ahead[:size])
        del self._ahead[:size]
        self.digest.update(found)
        self.size += len(found)
        return found

    def tell(self) -> int:
        """How much was read."""
        return self.size


def upload(blob: Blob, content: bytes | Iterable[bytes], notes: Mapping[str, str], **terms: Any) -> Stat:
    """
    Store ``content`` with its SHA-256 and ``notes`` as metadata; ``terms`` are the library's own.

    Raises:
        Taken: a precondition among the terms does not hold.
    """
    head, rest = _split(content)
    with writing(blob.name):
        try:
            if rest is None:
                return _at_once(blob, bytes(head), notes, terms)
            return _by_pieces(blob, Source(head, rest), notes, terms)
        except PreconditionFailed as error:
            raise Taken(blob.name) from error


def _split(content: bytes | Iterable[bytes]) -> tuple[bytearray, Iterator[bytes] | None]:
    """The first PIECE of the content or a little more, and the rest; None if that was all."""
    head, rest = bytearray(), iter((content,) if isinstance(content, bytes) else content)
    for piece in rest:
        head += piece
        if len(head) > PIECE:
            return head, rest
    return head, None


def _at_once(blob: Blob, content: bytes, notes: Mapping[str, str], terms: dict[str, Any]) -> Stat:
    digest = hashlib.sha256(content).hexdigest()
    blob.metadata = {**notes, SHA256: digest}
    blob.upload_from_string(content, _KIND, checksum="crc32c", **terms)
    return Stat(blob.name, len(content), digest)


def _by_pieces(blob: Blob, source: Source, notes: Mapping[str, str], terms: dict[str, Any]) -> Stat:
    """
    The digest is known at the end, so it is noted by a request of its own, for this very object.

    If another has replaced or deleted it by then, there is nothing left to note.
    """
    blob.metadata = dict(notes)
    blob.chunk_size = PIECE
    blob.upload_from_file(source, content_type=_KIND, checksum="crc32c", **terms)
    digest = source.digest.hexdigest()
    blob.metadata = {**notes, SHA256: digest}
    with suppress(PreconditionFailed, GoogleNotFound):
        blob.patch(**{**terms, "if_generation_match": blob.generation})
    return Stat(blob.name, source.size, digest)
