"""From rows as read to the stored manifest: each row is valid, or rejected with the reason."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.submit.library import LONGEST_NAME, Entry
from shared.chemistry.smiles import read_ligand
from shared.models.batch import LibraryRow, RejectedRow
from shared.ports.blobs import Blobs, Stat
from shared.steps import manifest


@dataclass
class Intake:
    """
    Writes rows in chunks of 1,000 as they come, so that memory does not grow with the library.

    The chunks of the same library are the same bytes: a repeated submission overwrites nothing else.
    """

    blobs: Blobs
    store: str
    valid: int = 0
    rejected: int = 0
    chunks: list[Stat] = field(default_factory=list)
    _rows: list[LibraryRow] = field(default_factory=list)
    _refused: list[RejectedRow] = field(default_factory=list)

    def take_all(self, entries: Iterable[Entry]) -> None:
        """Store every row; the manifest is complete afterwards."""
        for index, entry in enumerate(entries):
            row = check(entry, index=index, position=self.valid)
            if isinstance(row, LibraryRow):
                self._rows.append(row)
                self.valid += 1
            else:
                self._refused.append(row)
                self.rejected += 1
            self._flush(full=manifest.CHUNK)
        self._flush(full=1)

    def _flush(self, *, full: int) -> None:
        if len(self._rows) >= full:
            chunk = (self.valid - 1) // manifest.CHUNK
            self._put(manifest.jobs_key(self.store, chunk), self._rows)
        if len(self._refused) >= full:
            chunk = (self.rejected - 1) // manifest.CHUNK
            self._put(manifest.rejected_key(self.store, chunk), self._refused)

    def _put(self, key: str, rows: list[LibraryRow] | list[RejectedRow]) -> None:
        self.chunks.append(self.blobs.put(key, manifest.encode(rows)))
        rows.clear()


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
        warnings=ligand.warnings,
        data=entry.data,
    )
