"""One row of a library, as it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

LONGEST_NAME = 200
LONGEST_DATA = 32_768
SHOWN_TEXT = 500


@dataclass(frozen=True)
class Entry:
    """One row as read. ``problem`` says why it cannot be used; else ``smiles`` is what it names."""

    line: int
    text: str
    name: str = ""
    smiles: str = ""
    problem: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)
