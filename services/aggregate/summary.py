"""Sums over the rows of a batch, one row at a time: pure, and of constant size."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TOP = 10
BINS = 24


@dataclass
class Spread:
    """Count, mean, least and most of one figure; null where there is none."""

    count: int = 0
    total: float = 0.0
    least: float | None = None
    most: float | None = None

    def add(self, value: float | None) -> None:
        """Take one value; None counts for nothing."""
        if value is None:
            return
        self.count += 1
        self.total += value
        self.least = value if self.least is None else min(self.least, value)
        self.most = value if self.most is None else max(self.most, value)

    @property
    def mean(self) -> float | None:
        """The arithmetic mean."""
        return self.total / self.count if self.count else None

    def as_dict(self) -> dict[str, Any]:
        """As the summary shows it."""
        return {"count": self.count, "mean": self.mean, "min": self.least, "max": self.most}


@dataclass
class Figures:
    """What ``summary.json`` needs of the rows."""

    affinity: Spread = field(default_factory=Spread)
    confidence: Spread = field(default_factory=Spread)
    ptm: Spread = field(default_factory=Spread)
    iptm: Spread = field(default_factory=Spread)
    plddt: Spread = field(default_factory=Spread)
    seconds: Spread = field(default_factory=Spread)
    structures: int = 0
    files: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    distribution: dict[str, list[Any]] | None = None
    confident: list[tuple[float, int, dict[str, Any]]] = field(default_factory=list)

    def add(self, row: Mapping[str, Any], *, files: int, versions: Mapping[str, str]) -> None:
        """Take one row. Figures are of ligands, failures of rows: a repeated molecule fails twice."""
        self.files += files
        self.structures += bool(row["has_structure"] and row["duplicate_of"] is None)
        self.versions.update(versions)
        if row["error"] is not None:
            kind = row["error"]["class"]
            self.failures[kind] = self.failures.get(kind, 0) + 1
        if row["status"] != "completed" or row["duplicate_of"] is not None:
            return
        self.affinity.add(row["affinity"])
        self.confidence.add(row["confidence"])
        self.ptm.add(row["ptm_score"])
        self.iptm.add(row["iptm_score"])
        self.plddt.add(row["plddt_score"])
        self.seconds.add(row["execution_time"])
        if row["confidence"] is not None:
            item = (row["confidence"], -row["index"], brief(row))
            (heapq.heappushpop if len(self.confident) >= TOP else heapq.heappush)(self.confident, item)

    def most_confident(self, n: int) -> list[dict[str, Any]]:
        """The ``n`` rows of highest confidence, ties in the order of the library."""
        return [row for _, _, row in sorted(self.confident, key=lambda item: (-item[0], -item[1]))[:n]]


def brief(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a list of the best shows of each; ``metrics`` holds what ranks where that is no affinity."""
    keys = ("rank", "job_id", "ligand_name", "ligand_smiles", "affinity", "confidence", "metrics")
    return {key: row.get(key) for key in keys}


def distribution(values: Sequence[float]) -> dict[str, list[Any]] | None:
    """
    How many values lie in each of 24 bins of equal width, from the least to the most; None without a value.

    A bin has its lower edge, the last one both. Equal values give one bin.
    """
    if not values:
        return None
    least, most = min(values), max(values)
    bins = BINS if most > least else 1
    counts, width = [0] * bins, (most - least) / bins or 1.0
    for value in values:
        counts[min(int((value - least) / width), bins - 1)] += 1
    edges = [least + width * number for number in range(bins)] if bins > 1 else [least]
    return {"edges": [*edges, most], "counts": counts}
