"""The protein, as users have it, made what an order says of it."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from omtx.errors import Unusable
from omtx.files import read_text

Target: TypeAlias = str | Path | Mapping[str, Any] | Sequence[str | Path]
SEQUENCES = frozenset({".fasta", ".fa", ".faa"})


def described(target: Target | None) -> dict[str, Any]:
    """
    The fields of an order: of a file, of residues, of the text of a file, of several files, or as given.

    A mapping holds the fields themselves (``protein_sequence``, ``protein_structure``, …).
    """
    if target is None:
        return {}
    if isinstance(target, Mapping):
        return dict(target)
    if isinstance(target, str | Path):
        return _one(target)
    return of_files([Path(path) for path in target])


def name_of(target: Target | None) -> str | None:
    """What the target is called, if a file tells."""
    if isinstance(target, Sequence) and not isinstance(target, str):
        target = target[0] if target else None
    is_file = isinstance(target, Path) or (isinstance(target, str) and not _is_text(target))
    return Path(target).stem if is_file and isinstance(target, str | Path) else None


def sequence_of(given: str | Path) -> str:
    """The text of a file, FASTA or plain; or the residues themselves, where no file is called so."""
    if isinstance(given, str) and _is_text(given):
        return given
    return read_text(Path(given), "sequence")


def of_files(paths: Sequence[Path]) -> dict[str, Any]:
    """The target as files describe it; several are structures of it, called by the files' names."""
    targets = [(path, _of_text(read_text(path, "target"), path.suffix)) for path in paths]
    if len(targets) < 2:
        return dict(*(target for _, target in targets))
    for path, target in targets:
        if "protein_structure" not in target:
            raise Unusable(f"target {path} is a sequence; only structures, PDB or mmCIF, can be several")
    structures = [{"name": path.stem, "content": target["protein_structure"]} for path, target in targets]
    return {"protein_structures": structures}


def _one(target: str | Path) -> dict[str, Any]:
    if isinstance(target, Path) or not _is_text(target):
        return of_files([Path(target)])
    return {"protein_sequence": target} if _is_residues(target) else _of_text(target, "")


def _is_text(target: str) -> bool:
    """Whether it is the thing itself, and no path to it."""
    # Not Path.exists, which raises for a longer name than a file may have.
    return "\n" in target or (_is_residues(target) and not os.path.exists(target))


def _is_residues(text: str) -> bool:
    return text.isalpha() and text.isupper()


def _of_text(text: str, suffix: str) -> dict[str, str]:
    """A sequence from FASTA, else a structure."""
    is_sequence = suffix.lower() in SEQUENCES or text.lstrip().startswith(">")
    return {"protein_sequence" if is_sequence else "protein_structure": text}
