"""
A Cloud Storage bucket as object store.

The client library sends a request again for as long as ``patience``, and each may be sent again: an
upload brings the same content, or says which object it wants to find. Content is checked by CRC32C on
its way in and out.
"""

import hashlib
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import uuid4

import google_crc32c
from google.api_core.exceptions import NotFound as GoogleNotFound
from google.cloud.storage import Blob, Client
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.adapters import HTTPAdapter

from shared.adapters.gcp.pool import AT_ONCE, at_once, ordered
from shared.adapters.gcp.signing import UnsignedUrl
from shared.adapters.gcp.storage_errors import reading, writing
from shared.adapters.gcp.uploads import PIECE, SHA256, Taken, upload
from shared.errors import NotFound, Unavailable
from shared.ports.blobs import Stat, names_in
from shared.ports.world import Clock, Key

TIMEOUT = (5.0, 60.0)  # seconds to connect, and to wait for each part of an answer
PATIENCE = timedelta(seconds=30)
PAGE = 1000
WRITER = "writer"


def connect(project: str) -> Client:
    """A client for many threads, with a connection for each of them."""
    client = Client(project=project)
    for scheme in ("https://", "http://"):
        client._http.mount(scheme, HTTPAdapter(pool_maxsize=2 * AT_ONCE))
    return client


class StorageBlobs:
    """
    Objects in one bucket; ``keys`` are the HMAC keys of its signed URLs, the one to sign with first.

    What is written here carries its SHA-256 as metadata, so that ``stat`` takes one request. An object
    that came by a signed URL has none, as nobody can add metadata to such a request: ``stat`` reads it
    whole, and does not note what it found, which would cost more than a dozen readings.
    """

    def __init__(
        self,
        client: Client,
        bucket: str,
        *,
        keys: Callable[[], Sequence[Key]],
        clock: Clock,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._client = client
        self._bucket = client.bucket(bucket)
        self._keys = keys
        self._clock = clock
        self._terms = {
            "timeout": TIMEOUT,
            "retry": DEFAULT_RETRY.with_timeout(patience.total_seconds()),
        }

    def put(self, key: str, content: bytes | Iterable[bytes]) -> Stat:
        """See ``Blobs.put``."""
        return upload(self._blob(key), content, {}, **self._terms)

    def put_many(self, items: Iterable[tuple[str, bytes]]) -> Iterator[Stat]:
        """See ``Blobs.put_many``."""
        return ordered(items, self.put)

    def put_if_absent(self, key: str, content: bytes | Iterable[bytes]) -> bool:
        """
        See ``Blobs.put_if_absent``.

        The store refuses a key that is taken, be it by this very request, sent again as its first answer
        was lost. So each object says which call wrote it.
        """
        writer = uuid4().hex
        try:
            upload(self._blob(key), content, {WRITER: writer}, if_generation_match=0, **self._terms)
        except Taken:
            return self._is_by(writer, key)
        return True

    def get(self, key: str) -> bytes:
        """See ``Blobs.get``."""
        blob = self._blob(key)
        with reading(key):
            content: bytes = blob.download_as_bytes(raw_download=True, checksum="crc32c", **self._terms)
        return content

    def stream(self, key: str) -> Iterator[bytes]:
        """See ``Blobs.stream``; every piece is of the object that was there when this was called."""
        return self._pieces(self._found(key))

    def stat(self, key: str) -> Stat:
        """See ``Blobs.stat``."""
        blob = self._found(key)
        noted = (blob.metadata or {}).get(SHA256)
        return Stat(key, blob.size, noted or self._digest(blob))

    def list(self, prefix: str) -> Iterator[str]:
        """See ``Blobs.list``; it is read by pages."""
        folder = "/".join(names_in(prefix.rstrip("/")))
        with reading(prefix):
            found = self._client.list_blobs(
                self._bucket,
                prefix=f"{folder}/",
                fields="items(name),nextPageToken",
                page_size=PAGE,
                **self._terms,
            )
            for blob in found:
                yield blob.name

    def delete(self, key: str) -> None:
        """See ``Blobs.delete``."""
        blob = self._blob(key)
        with writing(key), suppress(GoogleNotFound):
            blob.delete(**self._terms)

    def delete_many(self, keys: Iterable[str]) -> None:
        """See ``Blobs.delete_many``; each is a request of its own, which is sent again if it fails."""
        at_once(keys, self.delete)

    def get_url(self, key: str, *, until: datetime) -> str:
        """See ``Blobs.get_url``."""
        return self._signed_url("GET", key, until)

    def put_url(self, key: str, *, until: datetime) -> str:
        """See ``Blobs.put_url``."""
        return self._signed_url("PUT", key, until)

    def _signed_url(self, method: str, key: str, until: datetime) -> str:
        names_in(key)
        now = self._clock.now()
        url = UnsignedUrl(self._client.api_endpoint, method, self._bucket.name, key, now, until - now)
        return url.signed(self._keys()[0])

    def _blob(self, key: str) -> Blob:
        return self._bucket.blob("/".join(names_in(key)))

    def _found(self, key: str) -> Blob:
        """The object as it is now: its size, its metadata and its generation."""
        blob = self._blob(key)
        with reading(key):
            blob.reload(**self._terms)
        return blob

    def _is_by(self, writer: str, key: str) -> bool:
        try:
            found = self._found(key)
        except NotFound:  # deleted since
            return False
        return bool((found.metadata or {}).get(WRITER) == writer)

    def _digest(self, blob: Blob) -> str:
        digest = hashlib.sha256()
        for piece in self._pieces(blob):
            digest.update(piece)
        return digest.hexdigest()

    def _pieces(self, blob: Blob) -> Iterator[bytes]:
        checksum, wanted = google_crc32c.Checksum(), b64decode(blob.crc32c)
        for start in range(0, blob.size, PIECE):
            piece = self._piece(blob, start)
            checksum.update(piece)
            yield piece
        if checksum.digest() != wanted:
            raise Unavailable(f"{blob.name} was damaged on its way here")

    def _piece(self, blob: Blob, start: int) -> bytes:
        """Of this generation, whatever has taken its place: the library names it in the request."""
        end = min(start + PIECE, blob.size) - 1
        try:
            with reading(blob.name):
                piece: bytes = blob.download_as_bytes(
                    start=start, end=end, raw_download=True, checksum=None, **self._terms
                )
        except NotFound as error:
            raise Unavailable(f"{blob.name} was replaced while it was read") from error
        return piece
