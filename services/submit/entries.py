"""One row of a library, or of what else an order lists, as it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from shared.models.batch import RowKind

LONGEST_NAME = 200
LONGEST_DATA = 32_768
SHOWN_TEXT = 500


@dataclass(frozen=True)
class Entry:
    """
    One row as read. ``problem`` says why it cannot be used; else ``smiles`` is what it names, or ``item``
    where it is no ligand.
    """

    line: int
    text: str
    name: str = ""
    smiles: str | None = None
    problem: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    kind: RowKind = "ligand"
    item: Mapping[str, JsonValue] = field(default_factory=dict)
