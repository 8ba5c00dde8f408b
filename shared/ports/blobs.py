"""The object store. Keys are '/'-separated names; an object appears whole or not at all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Stat:
    """An object's key, its size in bytes and the SHA-256 (hex) of its content."""

    key: str
    size: int
    sha256: str


class Blobs(Protocol):
    """Objects by key. Any method may raise Unavailable; a bad key raises InvalidInput."""

    def put(self, key: str, content: bytes | Iterable[bytes]) -> Stat:
        """Store durably, in place of what stood there."""
        ...

    def put_many(self, items: Iterable[tuple[str, bytes]]) -> Iterator[Stat]:
        """
        Store many small objects, each as ``put`` does, and faster: they become durable in groups.

        A Stat is yielded, in the order of the items, once its object is durable. Items are taken as
        the Stats are, a bounded number ahead. What fails may have stored some of its group.
        """
        ...

    def put_if_absent(self, key: str, content: bytes | Iterable[bytes]) -> bool:
        """Store durably unless the key is taken; exactly one of several racing callers stores."""
        ...

    def get(self, key: str) -> bytes:
        """The whole content. Raise NotFound."""
        ...

    def stream(self, key: str) -> Iterator[bytes]:
        """The content in pieces. Raise NotFound before the first piece."""
        ...

    def stat(self, key: str) -> Stat:
        """Size and digest of what is stored now. Raise NotFound."""
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """Keys under a prefix that ends in '/', in order."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object; an absent one is no error."""
        ...

    def get_url(self, key: str, *, until: datetime) -> str:
        """A URL that serves the object to whoever holds it."""
        ...

    def put_url(self, key: str, *, until: datetime) -> str:
        """A URL to which whoever holds it may PUT the object."""
        ...
