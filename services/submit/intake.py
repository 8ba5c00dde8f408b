"""From rows as read to the stored manifest: each row is a ligand, the repetition of one, or rejected."""

import tempfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO

from services.submit.entries import LONGEST_NAME, Entry
from services.submit.molecules import Molecules
from services.submit.report import ChemistryReport
from shared.chemistry.smiles import read_ligand
from shared.models.batch import DuplicateRow, LibraryRow, RejectedRow
from shared.ports.blobs import Blobs, Stat
from shared.steps import manifest


@dataclass
class Intake:
    """
    Writes rows in chunks of 1,000, so that memory does not grow with the library.

    How many rows repeat a ligand is known at the end only, so ligands wait in a temporary file until
    then: an object is written once, with its final bytes. The chunks of the same library are the same
    bytes: a repeated submission overwrites nothing else.
    """

    blobs: Blobs
    store: str
    jobs: int = 0
    duplicates: int = 0
    rejected: int = 0
    chunks: list[Stat] = field(default_factory=list)
    report: ChemistryReport = field(default_factory=ChemistryReport)
    _repeated: list[DuplicateRow] = field(default_factory=list)
    _refused: list[RejectedRow] = field(default_factory=list)

    @property
    def valid(self) -> int:
        """Rows that are ligands, repetitions included."""
        return self.jobs + self.duplicates

    def take_all(self, entries: Iterable[Entry]) -> None:
        """Store every row; the manifest is complete afterwards."""
        with Molecules() as molecules, tempfile.TemporaryFile() as file:
            waiting = _Waiting(file)
            for index, entry in enumerate(entries):
                row = check(entry, index=index, position=self.jobs)
                if isinstance(row, RejectedRow):
                    self.report.take(row)
                    self._refuse(row)
                elif (first := molecules.first(row.canonical_smiles, row.position)) == row.position:
                    self.report.take(row)
                    waiting.add(row)
                    self.jobs += 1
                else:
                    self.report.take(row, repeated=True)
                    self._repeat(row, first)
            self._flush(full=1)
            for chunk, lines in enumerate(waiting.chunks()):
                start = chunk * manifest.CHUNK
                counted = manifest.with_copies(lines, molecules.copies(start, start + manifest.CHUNK), start)
                self.chunks.append(self.blobs.put(manifest.jobs_key(self.store, chunk), counted))

    def _refuse(self, row: RejectedRow) -> None:
        self._refused.append(row)
        self.rejected += 1
        self._flush(full=manifest.CHUNK)

    def _repeat(self, row: LibraryRow, first: int) -> None:
        same = row.model_dump(include={"index", "line", "name", "smiles", "warnings", "data"})
        self._repeated.append(DuplicateRow(position=first, **same))
        self.duplicates += 1
        self._flush(full=manifest.CHUNK)

    def _flush(self, *, full: int) -> None:
        if len(self._repeated) >= full:
            chunk = (self.duplicates - 1) // manifest.CHUNK
            self._put(manifest.duplicates_key(self.store, chunk), self._repeated)
        if len(self._refused) >= full:
            chunk = (self.rejected - 1) // manifest.CHUNK
            self._put(manifest.rejected_key(self.store, chunk), self._refused)

    def _put(self, key: str, rows: list[DuplicateRow] | list[RejectedRow]) -> None:
        self.chunks.append(self.blobs.put(key, manifest.encode(rows)))
        rows.clear()


class _Waiting:
    """Chunks of ligands in a temporary file, compressed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sizes = list[int]()
        self._lines = list[str]()

    def add(self, row: LibraryRow) -> None:
        self._lines.append(manifest.line(row))
        if len(self._lines) == manifest.CHUNK:
            self._close_chunk()

    def _close_chunk(self) -> None:
        self._sizes.append(self._file.write(zlib.compress("".join(self._lines).encode(), 1)))
        self._lines.clear()

    def chunks(self) -> Iterable[list[str]]:
        """The lines of each chunk."""
        if self._lines:
            self._close_chunk()
        self._file.seek(0)
        for size in self._sizes:
            yield zlib.decompress(self._file.read(size)).decode().splitlines(keepends=True)


def check(entry: Entry, *, index: int, position: int) -> LibraryRow | RejectedRow:
    """The row as a ligand at ``position``, or rejected with the reason."""
    problem = entry.problem
    if problem is None and len(entry.name) > LONGEST_NAME:
        problem = f"the name has {len(entry.name)} characters; at most {LONGEST_NAME} are accepted"
    if problem is None:
        try:
            ligand = read_ligand(entry.smiles)
        except ValueError as error:
            problem = str(error)
    if problem is not None:
        return RejectedRow(index=index, line=entry.line, text=entry.text, reason=problem)
    return LibraryRow(
        position=position,
        index=index,
        line=entry.line,
        name=entry.name or f"ligand_{index + 1}",
        smiles=entry.smiles,
        canonical_smiles=ligand.smiles,
        heavy_atoms=ligand.heavy_atoms,
        fragments=ligand.fragments,
        formal_charge=ligand.formal_charge,
        undefined_stereo=ligand.undefined_stereocentres + ligand.undefined_double_bonds,
        has_carbon=ligand.has_carbon,
        warnings=ligand.warnings,
        data=entry.data,
    )
