"""What a report is made from: everything it says, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """
    ``summary`` and ``manifest`` are the artefacts of these names, the latter without its list of files;
    ``model`` is the entry of the catalogue. ``rows`` are the best ligands, best first, and ``pictures`` their
    SVGs, None where one cannot be drawn.
    """

    summary: Mapping[str, Any]
    manifest: Mapping[str, Any]
    model: Mapping[str, Any]
    rows: Sequence[Row]
    pictures: Sequence[str | None]
    manifest_sha256: str

    @property
    def ranking(self) -> Mapping[str, Any]:
        """The key of the figure that ranks, its unit, direction and meaning."""
        found: Mapping[str, Any] = self.summary["ranking"]
        return found

    @property
    def figure(self) -> str:
        """The figure that ranks, in words: label, unit, direction."""
        label = self.model["metrics"][self.ranking["key"]]["label"]
        return f"{label} ({self.ranking['unit']}, {self.ranking['direction']})"

    def score(self, row: Row) -> Any:
        """The figure by which a row is ranked."""
        key = self.ranking["key"]
        return row["metrics"].get(key, row.get(key))
