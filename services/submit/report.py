"""What a chemist should know of a library before it is computed: counted row by row, in bounded memory."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.models.batch import LibraryRow, RejectedRow

EXAMPLES = 5
MOST_REASONS = 100
SHOWN_REASONS = 10
OTHER = "other reasons"
MOLECULAR = ("salts_or_mixtures", "undefined_stereo", "without_carbon")


class ChemistryReport:
    """
    Counts over the rows of a library.

    What is said of molecules (salts, stereo, charge, size) counts every valid row, repetitions
    included, and is left out where the rows are no ligands. ``most_heavy_atoms`` is what the model takes;
    None: it states no limit. ``filters``: the names of those that are applied; a filtered row counts for the
    first one that it does not pass.
    """

    def __init__(self, *, most_heavy_atoms: int | None = None, filters: Iterable[str] = ()) -> None:
        self._filters = tuple(filters)
        self._limit = most_heavy_atoms
        self._counts: Counter[str] = Counter()
        self._charges: Counter[int] = Counter()
        self._sizes: Counter[int] = Counter()
        self._reasons: Counter[str] = Counter()
        self._examples: dict[str, list[dict[str, Any]]] = {}

    def take(self, row: LibraryRow | RejectedRow, *, repeated: bool = False) -> None:
        """Count one row; ``repeated``: an earlier row holds the same molecule."""
        self._counts["submitted"] += 1
        if isinstance(row, RejectedRow):
            self._counts[row.kind] += 1
            if row.filter is not None:
                self._note(f"filter {row.filter}", row, reason=row.reason)
                return
            reason = general(row.reason)
            known = reason in self._reasons or len(self._reasons) < MOST_REASONS
            self._reasons[reason if known else OTHER] += 1
            return
        self._counts["valid"] += 1
        if row.heavy_atoms is not None:
            self._charges[row.formal_charge] += 1
            self._sizes[row.heavy_atoms] += 1
        for finding in self._findings(row, repeated):
            self._note(finding, row)

    def _findings(self, row: LibraryRow, repeated: bool) -> list[str]:
        found = {
            "duplicates": repeated,
            "salts_or_mixtures": row.fragments > 1,
            "undefined_stereo": row.undefined_stereo > 0,
            "charged": row.formal_charge != 0,
            "without_carbon": not row.has_carbon,
            "too_large_for_model": self._limit is not None and (row.heavy_atoms or 0) > self._limit,
        }
        return [name for name, applies in found.items() if applies]

    def _note(self, finding: str, row: LibraryRow | RejectedRow, **more: str) -> None:
        self._counts[finding] += 1
        examples = self._examples.setdefault(finding, [])
        if len(examples) < EXAMPLES:
            examples.append({"line": row.line, "name": row.name, **more})

    def as_dict(self) -> dict[str, Any]:
        """The report as the API answers it; ``heavy_atoms`` is null without a valid row."""
        common = self._reasons.most_common(SHOWN_REASONS)
        return {
            **{name: self._counts[name] for name in ("submitted", "valid", "invalid", "filtered")},
            "filters": {name: self._finding(f"filter {name}") for name in self._filters},
            "duplicates": self._finding("duplicates"),
            **(self._of_molecules() if self._sizes or not self._counts["valid"] else {}),
            "rejections": [{"reason": reason, "count": count} for reason, count in common],
        }

    def _of_molecules(self) -> dict[str, Any]:
        by_charge = {f"{charge:+d}": n for charge, n in sorted(self._charges.items()) if charge}
        return {
            **{kind: self._finding(kind) for kind in MOLECULAR},
            "charged": self._finding("charged") | {"by_charge": by_charge},
            "heavy_atoms": spread(self._sizes),
            **self._too_large(),
        }

    def _too_large(self) -> dict[str, Any]:
        if self._limit is None:
            return {}
        return {"too_large_for_model": {"limit": self._limit, **self._finding("too_large_for_model")}}

    def _finding(self, kind: str) -> dict[str, Any]:
        return {"count": self._counts[kind], "examples": self._examples.get(kind, [])}


def general(reason: str) -> str:
    """A reason without its particulars, so that rows rejected for the same reason are counted together."""
    return re.sub(r"\d[\d,]*", "…", reason)


def spread(sizes: Mapping[int, int]) -> dict[str, int] | None:
    """Least, (lower) median and most of values with their counts; None if there is none."""
    ordered = sorted(sizes.items())
    if not ordered:
        return None
    return {"min": ordered[0][0], "median": _median(ordered), "max": ordered[-1][0]}


def _median(ordered: Sequence[tuple[int, int]]) -> int:
    middle = (sum(count for _, count in ordered) + 1) // 2
    for value, count in ordered:
        middle -= count
        if middle <= 0:
            return value
    raise ValueError("no value")
