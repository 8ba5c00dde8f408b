"""Variants of a sequence, as a table or as FASTA."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from omtx.files import read_text
from omtx.targets import SEQUENCES

from cli.errors import Refused
from shared.catalogue.tasks.asking import WILD_TYPE

Variant = dict[str, str]


def read_variants(path: Path, target: Mapping[str, Any]) -> list[Variant]:
    """
    The variants of a file and, last, the target's own sequence, which they are compared with.

    A table has the columns ``name`` and ``sequence``, in any order; FASTA has a record for each.
    """
    text = read_text(path, "variants")
    is_fasta = path.suffix.lower() in SEQUENCES or text.lstrip().startswith(">")
    found = list(_fasta(text) if is_fasta else _table(path, text))
    if not found:
        raise Refused(f"variants {path} has no row")
    wild_type = target.get("protein_sequence")
    return [*found, {"name": WILD_TYPE, "sequence": wild_type}] if wild_type else found


def _table(path: Path, text: str) -> Iterator[Variant]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    rows = csv.DictReader(text.splitlines(), delimiter=delimiter, restval="")
    columns = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    if "sequence" not in columns:
        raise Refused(f"variants {path} has no column 'sequence'; write the columns name and sequence")
    for row in rows:
        named = row[columns["name"]] if "name" in columns else ""
        yield {"name": named, "sequence": row[columns["sequence"]]}


def _fasta(text: str) -> Iterator[Variant]:
    for record in text.lstrip().removeprefix(">").split("\n>"):
        header, _, sequence = record.partition("\n")
        yield {"name": (header.split() or [""])[0], "sequence": sequence}
