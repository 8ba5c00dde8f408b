"""A library looked through as a submission does it, but nothing is stored."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from services.submit.checking import checked
from services.submit.entries import Entry
from services.submit.fitting import Judge
from services.submit.forms import Form
from services.submit.intake import judged, row_of
from services.submit.molecules import Molecules
from services.submit.report import ChemistryReport
from services.submit.source import Limits, rows
from shared.domain.identity import subject
from shared.models.batch import RejectedRow

SHOWN_REJECTED = 100


@dataclass(frozen=True)
class Survey:
    """The chemistry report, and the first rows that cannot be used."""

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
    pieces: Iterable[bytes], form: Form | None, limits: Limits, *, most_heavy_atoms: int | None
) -> Survey:
    """
    Look at every row; memory does not grow with the library.

    Raises:
        ValueError: the library as a whole cannot be read, or is larger than is accepted.
    """
    with rows(pieces, form, limits) as entries:
        return look_through(entries, most_heavy_atoms=most_heavy_atoms)


def look_through(
    entries: Iterable[Entry], *, most_heavy_atoms: int | None, judge: Judge | None = None
) -> Survey:
    """Look at every row, as it is read; ``judge`` is the model's own say."""
    report, rejected, jobs = ChemistryReport(most_heavy_atoms=most_heavy_atoms), list[RejectedRow](), 0
    with Molecules() as molecules:
        for index, (entry, found) in enumerate(checked(entries)):
            row = judged(row_of(entry, found, index=index, position=jobs), entry, judge)
            if isinstance(row, RejectedRow):
                report.take(row)
                rejected += [row] if len(rejected) < SHOWN_REJECTED else []
                continue
            first = molecules.first(subject(row), jobs)
            report.take(row, repeated=first != jobs)
            jobs += first == jobs
    return Survey(report.as_dict(), rejected)
