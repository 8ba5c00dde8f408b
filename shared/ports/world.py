"""Time, chance and secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.provenance import Signed


class Clock(Protocol):
    """Time."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...


@dataclass(frozen=True)
class Key:
    """A signing key; its id travels with what it signs, so that two can be valid while one is rotated."""

    id: str
    secret: bytes


class Secrets(Protocol):
    """Signing keys by purpose."""

    def keys(self, purpose: str) -> Sequence[Key]:
        """The valid keys of a purpose (``webhook``, ``urls``), the one to sign with first."""
        ...


class Notary(Protocol):
    """Signs what this installation vouches for, with a key whose public half anybody may have."""

    def sign(self, message: bytes) -> tuple[Signed, bytes]:
        """
        The signature, and the public key (32 bytes, Ed25519). The same key signs the same bytes the same way.

        Raises:
            Unavailable: the key cannot be read now.
        """
        ...

    def is_signed(self, message: bytes, signature: bytes, public: bytes) -> bool:
        """Whether the holder of the public key signed exactly this; opens no secret."""
        ...
