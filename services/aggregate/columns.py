"""The columns of a batch's table: their names, their types, and the cells of a row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import JsonValue

from services.aggregate.documents import BatchRecord
from shared.domain.rows import FOURTEEN

COLUMNS = (
    *("rank", "index", "line", "duplicate_of", "ligand_name", "smiles", "status"),
    *("affinity", "confidence", *FOURTEEN, "execution_time"),
    *("has_structure", "protein_name", "job_id", "seed", "completed_at", "error_class", "error"),
    *("test_model", "cached_from"),
)
Kind = Literal["integer", "number", "boolean", "text", "time"]
FIXED: Mapping[str, Kind] = {
    **dict.fromkeys(("rank", "index", "line", "duplicate_of", "seed"), "integer"),
    **dict.fromkeys(("ligand_name", "smiles", "status", "protein_name", "job_id"), "text"),
    **dict.fromkeys(("error_class", "error", "cached_from"), "text"),
    **dict.fromkeys(("has_structure", "test_model"), "boolean"),
    "execution_time": "number",
    "completed_at": "time",
}
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Column:
    """A column: what kind of value it holds, null apart, and how the catalogue explains it."""

    name: str
    kind: Kind
    explained: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Kinds:
    """Of which kinds the values under each name were: of a model's figures the catalogue does not say."""

    seen: dict[str, set[Kind]] = field(default_factory=dict)

    def add(self, values: Mapping[str, JsonValue]) -> None:
        """Take those of one row."""
        for name, value in values.items():
            if value is not None:
                self.seen.setdefault(name, set()).add(_kind(value))

    def of(self, name: str) -> Kind:
        """The one kind that can hold all values of a name."""
        seen = self.seen.get(name, {"number"})
        if len(seen) == 1:
            return next(iter(seen))
        return "number" if seen == {"integer", "number"} else "text"


def _kind(value: JsonValue) -> Kind:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer" if abs(value) <= LARGEST else "number"
    return "number" if isinstance(value, float) else "text"


class Layout:
    """
    All columns of a batch: the fixed ones, the model's further figures, what its jobs are about where they
    are no ligands (``items``), and the library's own.
    """

    def __init__(self, record: BatchRecord, kinds: Kinds, labels: Iterable[str], items: Kinds) -> None:
        self._protein = record.batch.protein_name
        self._own = tuple(record.own_columns())
        self._labels = tuple(labels)
        self._items = tuple(items.seen)
        explained = {name: _explained(record, name) for name in record.model.metrics}
        figures = [
            Column(name, FIXED.get(name) or kinds.of(name), explained.get(name, {}))
            for name in (*COLUMNS, *self._own)
        ]
        about = [Column(f"item_{name}", items.of(name)) for name in self._items]
        self.columns = (*figures, *about, *(Column(f"library_{label}", "text") for label in self._labels))
        self.names = tuple(column.name for column in self.columns)

    def cells(self, row: Mapping[str, Any]) -> list[Any]:
        """The values of a result row, by column."""
        error = row["error"] or {"class": None, "message": None}
        flat = {
            **row,
            "smiles": row["ligand_smiles"],
            "protein_name": self._protein,
            "error_class": error["class"],
            "error": error["message"],
            "cached_from": row["cached"]["job_id"] if row["cached"] else None,
        }
        metrics, data = row["metrics"], row["data"]
        return [
            *[flat[name] for name in COLUMNS],
            *[metrics.get(name) for name in self._own],
            *[row["item"].get(name) for name in self._items],
            *[data.get(name) for name in self._labels],
        ]


def _explained(record: BatchRecord, name: str) -> dict[str, str]:
    metric = record.model.metrics[name]
    return {key: getattr(metric, key) for key in ("label", "unit", "direction", "meaning")}
