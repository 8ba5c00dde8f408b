"""Names of files: those a user downloads, and the keys of a batch's input files."""

import re

LONGEST_PART = 60


def file_name(job_name: str, protein_name: str, position: int, ligand_name: str, *, extension: str) -> str:
    """
    The name under which a ligand's file is downloaded.

    The index counts ligands from 1. A ligand that is named by its index alone is not named twice.
    """
    index, ligand = str(position + 1), clean(ligand_name)
    parts = [clean(job_name), clean(protein_name), index, *([ligand] if ligand != index else [])]
    return f"{'_'.join(parts)}.{extension}"


def clean(text: str) -> str:
    """
    Text as part of a file name: ASCII letters, digits, ``-`` and ``_``, at most 60 of them.

    Whatever else becomes ``_``, never twice in a row; nothing left is ``unnamed``.
    """
    replaced = re.sub(r"[^A-Za-z0-9_-]", "_", text)
    return re.sub(r"_+", "_", replaced).strip("_")[:LONGEST_PART].rstrip("_") or "unnamed"


def structure_keys(count: int) -> list[str]:
    """The keys of a target's structures among the inputs, in order: structure, structure_2, structure_3."""
    return ["structure", *(f"structure_{number}" for number in range(2, count + 1))][:count]
