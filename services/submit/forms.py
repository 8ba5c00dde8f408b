"""Which form a library has: from its name, else from how it begins."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath
from typing import Literal

from services.submit.columns import SMILES_LABELS, label_of
from services.submit.entries import Entry
from services.submit.library import from_csv, from_smi
from services.submit.sdf import END, from_sdf

Form = Literal["csv", "tsv", "smi", "sdf"]
SUFFIXES: dict[str, Form] = {
    **{".csv": "csv", ".tsv": "tsv", ".smi": "smi", ".smiles": "smi", ".ism": "smi"},
    **{".sdf": "sdf", ".sd": "sdf", ".mol": "sdf"},
}
READERS: dict[Form, Callable[[Iterable[str]], Iterator[Entry]]] = {
    **{"csv": from_csv, "tsv": from_csv},
    **{"smi": from_smi, "sdf": from_sdf},
}
HEAD_LINES = 5


def form_of_name(name: str) -> Form | None:
    """The form that a file's name tells, ``.gz`` aside; None if it tells none."""
    return SUFFIXES.get(PurePosixPath(name.lower().removesuffix(".gz")).suffix)


def guess(head: list[str]) -> Form:
    """
    The form of a text that begins so.

    An SDF file has its version at the end of the fourth line. SMILES know neither comma nor semicolon,
    so one of these in the first word is a table's.
    """
    if any(line.startswith(END) for line in head) or any(
        line.rstrip().endswith(("V2000", "V3000")) for line in head
    ):
        return "sdf"
    first = next((line for line in head if line.strip() and not line.startswith("#")), "#")
    cells = first.replace(";", ",").replace("\t", ",").split(",")
    is_header = len(cells) > 1 and any(label_of(cell.strip('" \r\n')) in SMILES_LABELS for cell in cells)
    return "csv" if is_header or set(",;") & set(first.split()[0]) else "smi"
