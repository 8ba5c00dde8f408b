"""Bytes that can be made again, kept for a while to be made less often."""

from collections.abc import Sequence
from typing import Protocol

MOST_VALUE_BYTES = 10 * 1024 * 1024


class Cache(Protocol):
    """
    May forget anything at any time, and never fails: what is out of reach is as if it were forgotten.

    Whoever asks puts into the key whose a value is and of which state of the facts; so nobody is shown
    another's, and what is old is not found rather than wrong.
    """

    def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of these keys, in their order; None where there is none."""
        ...

    def put(self, key: str, value: bytes, *, seconds: float, tag: str) -> None:
        """Keep it for so long at the most. A value above ``MOST_VALUE_BYTES`` is not kept."""
        ...

    def forget(self, tag: str) -> None:
        """Let go of all that was put under this tag, as far as that is in reach."""
        ...
