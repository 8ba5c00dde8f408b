"""Finding out how a table is written: its delimiter, its header, and which column is which."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.chemistry.effort import TooDemanding, ligand_of

# The first label that is there wins: a column "structure" may hold pictures where one "smiles" stands.
SMILES_LABELS = (
    *("smiles", "ligand_smiles", "isomeric_smiles", "canonical_smiles", "smile", "smi", "structure"),
)
NAME_LABELS = (
    *("name", "ligand_name", "ligand", "id", "ligand_id", "compound_name", "compound", "compound_id"),
    *("molecule_name", "molecule", "title", "identifier"),
)


@dataclass(frozen=True)
class Columns:
    """0-based columns; ``others`` by number with their labels; ``width`` of the first row."""

    header: bool
    smiles: int
    name: int | None
    others: Mapping[int, str]
    width: int


def delimiter_of(lines: Iterable[str]) -> str:
    """The commonest of tab, semicolon and comma, outside quotes, in the first line that is not blank."""
    first = next((line for line in lines if line.strip()), "")
    return max("\t;,", key=re.sub(r'"[^"]*"', "", first).count)


def find_columns(rows: Sequence[Sequence[str]]) -> Columns:
    """
    The columns of a table whose first rows these are.

    Without a header the SMILES column is the one in which most cells are molecules.

    Raises:
        ValueError: no row, or no column that holds SMILES.
    """
    if not rows:
        raise ValueError("the table has no row")
    labels = [label_of(cell) for cell in rows[0]]
    if not set(SMILES_LABELS).isdisjoint(labels):
        return _with_header(rows[0], labels)
    smiles = _most_molecules(rows)
    others = [i for i in range(len(rows[0])) if i != smiles]
    name = others[0] if others else None
    return Columns(False, smiles, name, {i: f"column_{i + 1}" for i in others[1:]}, len(rows[0]))


def _with_header(cells: Sequence[str], labels: Sequence[str]) -> Columns:
    smiles = next(labels.index(label) for label in SMILES_LABELS if label in labels)
    name = next((labels.index(label) for label in NAME_LABELS if label in labels), None)
    others = {i: _own_label(cells, i) for i in range(len(cells)) if i not in (smiles, name)}
    return Columns(True, smiles, name, others, len(cells))


def _own_label(cells: Sequence[str], i: int) -> str:
    """The column's label; with its number where there is none, or another column has the same."""
    if not cells[i]:
        return f"column_{i + 1}"
    return cells[i] if cells.count(cells[i]) == 1 else f"{cells[i]}_{i + 1}"


def _most_molecules(rows: Sequence[Sequence[str]]) -> int:
    counts = [sum(_is_molecule(row[i]) for row in rows if i < len(row)) for i in range(max(map(len, rows)))]
    if not any(counts):
        raise ValueError("no column holds SMILES; name it 'smiles' in a header row")
    return counts.index(max(counts))


def _is_molecule(cell: str) -> bool:
    try:
        ligand_of(cell)
    except TooDemanding:
        return True
    except ValueError:
        return False
    return True


def label_of(cell: str) -> str:
    """A heading as the lists above write it."""
    return cell.strip().lower().replace(" ", "_").replace("-", "_")
