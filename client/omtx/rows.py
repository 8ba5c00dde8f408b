"""Result rows: typed, as tables, and as a notebook shows them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, overload

from omtx.errors import MissingExtra
from omtx.notebook import rows_html
from omtx.records import Metric, Ranking, Record

if TYPE_CHECKING:
    import pandas

NO_FIGURES = frozenset({"rank", "index", "line", "duplicate_of", "execution_time", "attempt", "seed"})


class Row(Record):
    """
    One row of the library and what came of it.

    ``rank``: 1 is best, None where it has no score. ``figures`` holds all that its model predicted; a
    ``Rows`` knows their units.
    """

    rank: int | None
    index: int
    line: int
    duplicate_of: int | None = None
    job_id: str | None
    ligand_name: str | None
    ligand_smiles: str | None
    canonical_smiles: str | None = None
    kind: str
    item: Mapping[str, Any]
    status: str
    affinity: float | None
    confidence: float | None
    metrics: Mapping[str, Any]
    has_structure: bool
    error: Mapping[str, str] | None = None
    execution_time: float | None = None
    attempt: int | None = None
    seed: int | None = None
    test_model: bool = False
    completed_at: datetime | None = None
    warnings: tuple[str, ...] = ()
    data: Mapping[str, Any] = {}

    @property
    def figures(self) -> dict[str, Any]:
        """What the model predicted, by name; a figure that it does not predict is not there."""
        beside = {
            name: value
            for name, value in self.raw.items()
            if isinstance(value, int | float) and not isinstance(value, bool) and name not in NO_FIGURES
        }
        return beside | {name: value for name, value in self.metrics.items() if value is not None}


@dataclass(frozen=True)
class Rows(Sequence[Row]):
    """
    Rows, best first, with the key to read them: ``ranking``, and ``metrics`` by the name of a figure.

    ``server``: where molecules can be drawn for a browser; None where a key would be needed.
    """

    rows: Sequence[Row]
    ranking: Ranking
    metrics: Mapping[str, Metric]
    server: str | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> "Rows": ...
    def __getitem__(self, place: int | slice) -> "Row | Rows":
        if isinstance(place, slice):
            return Rows(self.rows[place], self.ranking, self.metrics, self.server)
        return self.rows[place]

    def __repr__(self) -> str:
        return f"<{len(self)} rows by {self.ranking.key} ({self.ranking.direction})>"

    def _repr_html_(self) -> str:
        return rows_html(self)

    @property
    def names(self) -> list[str]:
        """The figures that any row has: the one that ranks, the confidence, then in the model's order."""
        found = {name for row in self.rows for name in row.figures}
        order = dict.fromkeys([self.ranking.key, "confidence", *self.metrics, *sorted(found)])
        return [name for name in order if name in found]

    def unit(self, name: str) -> str:
        """The unit of a figure; empty where the model states none."""
        return self.metrics[name].unit if name in self.metrics else ""

    def direction(self, name: str) -> str:
        """Which way a figure is good; empty where the model does not say."""
        return self.metrics[name].direction if name in self.metrics else ""

    def to_dataframe(self) -> "pandas.DataFrame":
        """
        A pandas DataFrame, a column for each figure and for each column of the library (``data.…``).

        ``attrs`` holds ranking, units and directions.

        Raises:
            MissingExtra: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise MissingExtra("pandas", "dataframe") from error
        names = self.names
        frame = pandas.DataFrame([_record(row, names) for row in self.rows])
        frame.attrs |= {
            "ranking": self.ranking.model_dump(),
            "units": {name: self.unit(name) for name in names},
            "directions": {name: self.direction(name) for name in names},
        }
        return frame


class Page(Record):
    """A page of results as the server answers it; ``partial`` before the end."""

    batch_id: str
    ranking: Ranking
    partial: bool
    pagination: Mapping[str, Any]

    @property
    def documents(self) -> Sequence[Mapping[str, Any]]:
        """Its rows, in the server's words."""
        found: Sequence[Mapping[str, Any]] = self.raw["results"]
        return found

    @property
    def rows(self) -> Iterator[Row]:
        """Its rows."""
        return map(Row.of, self.documents)

    @property
    def has_next(self) -> bool:
        """Whether another page follows."""
        return bool(self.pagination["has_next"])


def _record(row: Row, names: Sequence[str]) -> dict[str, Any]:
    figures = row.figures
    return {
        "rank": row.rank,
        "name": row.ligand_name,
        "smiles": row.ligand_smiles,
        "status": row.status,
        **{name: figures.get(name) for name in names},
        "error": row.error["message"] if row.error else None,
        "job_id": row.job_id,
        "index": row.index,
        "duplicate_of": row.duplicate_of,
        **{f"item.{name}": value for name, value in row.item.items()},
        **{f"data.{name}": value for name, value in row.data.items()},
    }
