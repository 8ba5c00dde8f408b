"""From rows as read to the stored manifest: each row is a job, the repetition of one, or rejected."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from services.submit.checking import NO_FILTERS, Answer, checked
from services.submit.entries import Entry
from services.submit.filters import MoleculeFilters
from services.submit.fitting import Judge
from services.submit.molecules import Molecules
from services.submit.report import ChemistryReport
from services.submit.sieve import Unwanted
from services.submit.spool import Spool
from shared.domain.identity import subject
from shared.models.batch import DuplicateRow, LibraryRow, RejectedRow
from shared.ports.blobs import Blobs, Stat
from shared.steps import manifest


@dataclass
class Intake:
    """
    Takes the rows of a library in, so that memory does not grow with it.

    How many rows repeat a ligand, and whether the library can be read to its end, is known at the end
    only, so all rows wait in temporary files until then: an object is written once, with its final
    bytes, and nothing is written of a library that breaks off. The chunks of the same library are the
    same bytes: a repeated submission overwrites nothing else. ``approve`` is asked in between, when all is
    counted and nothing is stored.
    """

    blobs: Blobs
    store: str
    jobs: int = 0
    duplicates: int = 0
    invalid: int = 0
    filtered: int = 0
    chunks: list[Stat] = field(default_factory=list)
    judge: Judge | None = None
    filters: MoleculeFilters = NO_FILTERS
    report: ChemistryReport = field(default_factory=ChemistryReport)
    approve: "Callable[[Intake], None]" = lambda intake: None

    @property
    def valid(self) -> int:
        """Rows that can be computed, repetitions included."""
        return self.jobs + self.duplicates

    @property
    def rejected(self) -> int:
        """Rows that are not computed."""
        return self.invalid + self.filtered

    def usable(self, *, strict: bool) -> bool:
        """Whether there is anything to compute, and where that is asked for, nothing wrong."""
        return self.valid > 0 and not (strict and self.invalid)

    def take_all(self, entries: Iterable[Entry]) -> None:
        """Store every row; the manifest is complete afterwards, or untouched by what ``entries`` raises."""
        with Molecules() as molecules, Spool() as ligands, Spool() as repeated, Spool() as refused:
            for index, (entry, found) in enumerate(checked(entries, self.filters)):
                row = judged(row_of(entry, found, index=index, position=self.jobs), entry, self.judge)
                if isinstance(row, RejectedRow):
                    self.report.take(row)
                    refused.add(row)
                    self.invalid += row.kind == "invalid"
                    self.filtered += row.kind == "filtered"
                elif (first := molecules.first(subject(row), row.position)) == row.position:
                    self.report.take(row)
                    ligands.add(row)
                    self.jobs += 1
                else:
                    self.report.take(row, repeated=True)
                    repeated.add(_repetition(row, first))
                    self.duplicates += 1
            self.approve(self)
            for chunk, lines in enumerate(ligands.chunks()):
                start = chunk * manifest.CHUNK
                counted = manifest.with_copies(lines, molecules.copies(start, start + manifest.CHUNK), start)
                self.chunks.append(self.blobs.put(manifest.jobs_key(self.store, chunk), counted))
            self._write(manifest.duplicates_key, repeated)
            self._write(manifest.rejected_key, refused)

    def _write(self, key: Callable[[str, int], str], rows: Spool) -> None:
        for chunk, lines in enumerate(rows.chunks()):
            self.chunks.append(self.blobs.put(key(self.store, chunk), manifest.compressed(lines)))


def _repetition(row: LibraryRow, first: int) -> DuplicateRow:
    same = row.model_dump(include={"index", "line", "name", "smiles", "warnings", "data"})
    return DuplicateRow(position=first, **same)


def judged(row: LibraryRow | RejectedRow, entry: Entry, judge: Judge | None) -> LibraryRow | RejectedRow:
    """A valid row as the model takes it, or rejected with the model's reason."""
    if judge is None or isinstance(row, RejectedRow):
        return row
    found = judge(row)
    if isinstance(found, str):
        return RejectedRow(index=row.index, line=row.line, text=entry.text, reason=found, of=entry.kind)
    return found


def row_of(entry: Entry, found: Answer, *, index: int, position: int) -> LibraryRow | RejectedRow:
    """The row whose ligand, or the reason why it has none, was found."""
    if isinstance(found, str):
        return RejectedRow(index=index, line=entry.line, text=entry.text, reason=found, of=entry.kind)
    name = entry.name or f"{entry.kind}_{index + 1}"
    if isinstance(found, Unwanted):
        return _filtered(entry, found, index, name)
    place = {"position": position, "index": index, "line": entry.line, "name": name}
    if found is None:
        return LibraryRow(**place, kind=entry.kind, item=entry.item)
    return LibraryRow(
        **place,
        smiles=entry.smiles,
        canonical_smiles=found.smiles,
        heavy_atoms=found.heavy_atoms,
        fragments=found.fragments,
        formal_charge=found.formal_charge,
        undefined_stereo=found.undefined_stereocentres + found.undefined_double_bonds,
        has_carbon=found.has_carbon,
        warnings=found.warnings,
        data=entry.data,
    )


def _filtered(entry: Entry, found: Unwanted, index: int, name: str) -> RejectedRow:
    return RejectedRow(
        kind="filtered",
        index=index,
        line=entry.line,
        text=entry.text,
        name=name,
        smiles=entry.smiles,
        filter=found.filter,
        reason=found.reason,
    )
