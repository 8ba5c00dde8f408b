"""Reading what the user names: libraries, targets, reference ligands."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from cli.errors import Refused

LARGEST = 30 * 1024 * 1024
TABLES = frozenset({".csv", ".tsv"})
SMILES_FILES = frozenset({".smi", ".smiles", ".ism"})
SEQUENCES = frozenset({".fasta", ".fa", ".faa"})
SMILES_LABELS = frozenset({"smiles", "canonical_smiles", "isomeric_smiles", "ligand_smiles"})


def read_text(path: Path, what: str) -> str:
    """The text of a file; Refused, with the path, if there is none that can be used."""
    try:
        if path.stat().st_size > LARGEST:
            raise Refused(f"{what} {path} has more than {LARGEST // 1024**2} MiB")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Refused(f"{what} {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Refused(f"{what} {path} is not UTF-8 text") from error
    if not text.strip():
        raise Refused(f"{what} {path} is empty")
    return text


def read_library(path: Path) -> dict[str, str]:
    """The library as the API takes it: its text, and whether that is a table or a list of SMILES."""
    kind = path.suffix.lower()
    if kind not in TABLES | SMILES_FILES | {".txt", ""}:
        raise Refused(f"library {path}: {kind} files are not read; give .csv, .tsv, .smi or .txt")
    text = read_text(path, "library")
    named: dict[bool, Literal["csv", "smi"]] = {kind in TABLES: "csv", kind in SMILES_FILES: "smi"}
    return {"format": named.get(True) or guess_format(text), "content": text}


def guess_format(text: str) -> Literal["csv", "smi"]:
    """
    Whether a text is a table or a list of SMILES with names, from its first line.

    SMILES know neither comma nor semicolon, so one of these in the first word is a table's.
    """
    rows = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    first = next(rows, "#")
    cells = first.replace(";", ",").replace("\t", ",").split(",")
    is_header = len(cells) > 1 and any(cell.strip().strip('"').lower() in SMILES_LABELS for cell in cells)
    return "csv" if is_header or set(",;") & set(first.split()[0]) else "smi"


def read_targets(paths: Sequence[Path]) -> dict[str, Any]:
    """The target as the API takes it; several files are structures of it, called by the files' names."""
    targets = [(path, _read_target(path)) for path in paths]
    if len(targets) < 2:
        return dict(*(target for _, target in targets))
    for path, target in targets:
        if "protein_structure" not in target:
            raise Refused(f"target {path} is a sequence; only structures, PDB or mmCIF, can be several")
    structures = [{"name": path.stem, "content": target["protein_structure"]} for path, target in targets]
    return {"protein_structures": structures}


def _read_target(path: Path) -> dict[str, str]:
    """A sequence from FASTA, else a structure."""
    text = read_text(path, "target")
    is_sequence = path.suffix.lower() in SEQUENCES or text.lstrip().startswith(">")
    return {"protein_sequence" if is_sequence else "protein_structure": text}
