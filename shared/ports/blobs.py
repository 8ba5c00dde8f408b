"""The object store. Keys are '/'-separated names; an object appears whole or not at all."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.errors import InvalidInput

LONGEST_KEY = 512
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,254}")


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

    def delete_many(self, keys: Iterable[str]) -> None:
        """
        Remove many, each as ``delete`` does, some at once and in no order.

        Keys are taken a bounded number ahead. What fails may have removed some.
        """
        ...

    def get_url(self, key: str, *, until: datetime) -> str:
        """
        A URL that serves the object to whoever holds it.

        It ends with ``until``, or before that if the store signs for no longer (Cloud Storage: 7 days).
        """
        ...

    def put_url(self, key: str, *, until: datetime) -> str:
        """A URL to which whoever holds it may PUT the object; it ends as that of ``get_url`` does."""
        ...


def names_in(key: str) -> list[str]:
    """The names that a key is made of; InvalidInput if it is none."""
    names = key.split("/")
    if len(key) > LONGEST_KEY or not all(map(_NAME.fullmatch, names)):
        raise InvalidInput(f"not an object key: {key[:80]!r}")
    return names
