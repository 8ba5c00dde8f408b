"""Time, chance and secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


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
