"""Reading what the user names: targets, reference ligands, small libraries."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.errors import Refused

LARGEST = 30 * 1024 * 1024
SEQUENCES = frozenset({".fasta", ".fa", ".faa"})


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


def read_sequence(given: str) -> str:
    """The text of a file, FASTA or plain; or the residues themselves, where no file is called so."""
    if given.isalpha() and given.isupper() and not Path(given).exists():
        return given
    return read_text(Path(given), "sequence")


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
