"""Reading an SDF file record by record: a broken record is told, and reading goes on behind it."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rdkit import Chem, rdBase

from services.submit.columns import NAME_LABELS, label_of
from services.submit.entries import SHOWN_TEXT, Entry
from services.submit.text import BROKEN, broken, shown
from shared.chemistry.effort import demanding_drawing, watched

END = "$$$$"
LONGEST_RECORD = 1024 * 1024


@dataclass(frozen=True)
class _Record:
    """The text of a record, which begins on ``line``; ``cut`` if it was too long to be kept whole."""

    line: int
    text: str
    cut: bool = False


def from_sdf(lines: Iterable[str]) -> Iterator[Entry]:
    """
    Ligands of an SDF file (CTfile formats, V2000 or V3000).

    The stereo given by coordinates or wedges is in the SMILES; properties are kept as ``data``; the
    name is the title line, else a property that is called like a name.
    """
    return (_entry(record) for record in _records(lines))


def _records(lines: Iterable[str]) -> Iterator[_Record]:
    """The records that are not blank; the last may come without its end."""
    start, size, kept = 1, 0, list[str]()
    for number, line in enumerate(itertools.chain(lines, [END]), start=1):
        if not line.startswith(END):
            size += len(line)
            if size <= LONGEST_RECORD:
                kept.append(line)
            continue
        text = "".join(kept)
        if size > LONGEST_RECORD or text.strip():
            yield _Record(start, text, size > LONGEST_RECORD)
        start, size, kept = number + 1, 0, []


def _entry(record: _Record) -> Entry:
    text = shown(record.text, SHOWN_TEXT)
    if record.cut:
        return Entry(record.line, text, problem=f"the record has more than {LONGEST_RECORD:,} characters")
    if broken(record.text):
        return Entry(record.line, text, problem=BROKEN)
    molecules = record.text.count("\nM  END")
    if molecules > 1:
        problem = f"holds {molecules} molecules; a {END} line is missing between them"
        return Entry(record.line, text, problem=problem)
    try:
        smiles = watched(_smiles, record) if demanding_drawing(record.text) else _smiles(record)
    except ValueError as error:
        return Entry(record.line, text, problem=str(error))
    lines = re.split("\r\n|\r|\n", record.text)
    properties = dict(_properties(lines))
    return Entry(record.line, text, lines[0].strip() or _named(properties), smiles, data=properties)


def _smiles(record: _Record) -> str:
    molecule = _molecule(record)
    with rdBase.BlockLogs():
        return str(Chem.MolToSmiles(Chem.RemoveHs(molecule)))


def _molecule(record: _Record) -> Chem.Mol:
    supplier = Chem.SDMolSupplier()
    with rdBase.CaptureErrorLog() as log:
        supplier.SetData(record.text)
        molecule = next(iter(supplier), None)
    if molecule is None:
        raise ValueError(f"the record cannot be read: {_reason(log.messages, record.line)}")
    if molecule.GetNumAtoms() == 0:
        raise ValueError("the record has no atom")
    return molecule


def _reason(log: str, first: int) -> str:
    """
    What RDKit complained about first, without time stamps and the state of its stack.

    It counts lines from the record's, which is line ``first`` of the file.
    """
    said = [re.sub(r"^\[[\d:]+\]\s*(ERROR: )?", "", line).strip() for line in log.splitlines()]
    complaint = next(
        (line for line in said if line and not line.startswith(("moving to", "****", "Post-"))), ""
    )
    there = re.sub(r"\bline ?(\d+)", lambda found: f"line {int(found[1]) + first - 1}", complaint)
    return shown(there, 200) or "it is no molecule"


def _properties(lines: list[str]) -> Iterator[tuple[str, str]]:
    """
    Labels and values, which may have several lines; a label that comes again gets a number.

    RDKit would keep the last of several properties with one label.
    """
    seen = set[str]()
    left = iter(lines)
    for line in left:
        found = re.match(r">.*?<(.*)>", line)
        if found is None:
            continue
        label = found[1].strip() or f"property_{len(seen) + 1}"
        unique = label if label not in seen else f"{label}_{len(seen) + 1}"
        seen.add(unique)
        yield unique, "\n".join(itertools.takewhile(str.strip, left)).strip()


def _named(properties: dict[str, str]) -> str:
    labels = {label_of(name): value for name, value in properties.items()}
    return next((labels[label] for label in NAME_LABELS if labels.get(label)), "")
