"""A library looked through as a submission does it, but nothing is stored."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from services.submit.checking import NO_FILTERS, checked
from services.submit.entries import Entry
from services.submit.filters import MoleculeFilters
from services.submit.fitting import Judge
from services.submit.forms import Form
from services.submit.intake import judged, row_of
from services.submit.molecules import Molecules
from services.submit.refusing import unreadable, unusable
from services.submit.report import ChemistryReport
from services.submit.source import Limits, Source, rows
from shared.catalogue.entry import ModelEntry
from shared.domain.identity import subject
from shared.models.batch import RejectedRow
from shared.ports.blobs import Blobs

SHOWN_REJECTED = 100


@dataclass(frozen=True)
class Survey:
    """The chemistry report, and the first rows of each kind that are not computed."""

    report: dict[str, Any]
    rejected: list[RejectedRow]

    @property
    def jobs(self) -> int:
        """Ligands to compute: a row that repeats another's molecule needs no run."""
        return int(self.report["valid"]) - int(self.report["duplicates"]["count"])

    def as_dict(self) -> dict[str, Any]:
        """As a program reads it."""
        return {"chemistry_report": self.report, "rejected": [row.model_dump() for row in self.rejected]}


def survey(
    pieces: Iterable[bytes],
    form: Form | None,
    limits: Limits,
    *,
    most_heavy_atoms: int | None,
    filters: MoleculeFilters = NO_FILTERS,
) -> Survey:
    """
    Look at every row; memory does not grow with the library.

    Raises:
        ValueError: the library as a whole cannot be read, or is larger than is accepted.
        InvalidInput: a pattern of the filters takes too long.
    """
    with rows(pieces, form, limits) as entries:
        return look_through(entries, most_heavy_atoms=most_heavy_atoms, filters=filters)


def surveyed(
    source: Source, model: ModelEntry, judge: Judge | None, limits: Limits, *, strict: bool, blobs: Blobs
) -> Survey:
    """
    Look at what an order lists.

    Raises:
        InvalidInput: what a submission would be refused for.
    """
    try:
        with source.entries(limits, blobs=blobs) as entries:
            found = look_through(
                entries,
                most_heavy_atoms=model.most_heavy_atoms,
                judge=judge,
                filters=source.order.filters,
            )
    except ValueError as error:
        raise unreadable(source.field, error) from error
    if found.report["valid"] == 0 or (strict and found.report["invalid"]):
        raise unusable(source.field, found.rejected, found.report)
    return found


def look_through(
    entries: Iterable[Entry],
    *,
    most_heavy_atoms: int | None,
    judge: Judge | None = None,
    filters: MoleculeFilters = NO_FILTERS,
) -> Survey:
    """Look at every row, as it is read; ``judge`` is the model's own say."""
    report = ChemistryReport(most_heavy_atoms=most_heavy_atoms, filters=filters.names)
    rejected, shown, jobs = list[RejectedRow](), Counter[str](), 0
    with Molecules() as molecules:
        for index, (entry, found) in enumerate(checked(entries, filters)):
            row = judged(row_of(entry, found, index=index, position=jobs), entry, judge)
            if isinstance(row, RejectedRow):
                report.take(row)
                shown[row.kind] += 1
                rejected += [row] if shown[row.kind] <= SHOWN_REJECTED else []
                continue
            first = molecules.first(subject(row), jobs)
            report.take(row, repeated=first != jobs)
            jobs += first == jobs
    return Survey(report.as_dict(), rejected)
