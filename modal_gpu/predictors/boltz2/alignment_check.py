"""Whether the alignments that an input names belong to its proteins; the model itself does not ask."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from modal_gpu.predictors.base import PredictionFailed
from shared.models.work import FailureClass

EMPTY = "empty"


def check_alignments(input_file: Path) -> None:
    """
    Refuse an alignment that is missing, empty or of another protein; paths are as the model reads them.

    Raises:
        PredictionFailed: with the chain and the reason.
    """
    try:
        document = yaml.safe_load(input_file.read_text())
    except yaml.YAMLError as error:
        raise _refused(f"the input is not YAML: {error}") from error
    for chain, sequence, path in _named(document):
        if not path.is_file():
            raise _refused(f"the alignment of chain {chain} is missing")
        first = next(_rows(path), None)
        if first is None:
            raise _refused(f"the alignment of chain {chain} is empty")
        if _ungapped(first) != sequence:
            raise _refused(f"the alignment of chain {chain} is of another protein")


def _named(document: Any) -> Iterator[tuple[str, str, Path]]:
    """Chains with a sequence and an alignment; what is not of that form is the model's to refuse."""
    entries = document.get("sequences") if isinstance(document, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case {"protein": {"id": names, "sequence": str(sequence), "msa": str(path)}}:
                if path != EMPTY:
                    yield names if isinstance(names, str) else ", ".join(names), sequence, Path(path)


def _rows(path: Path) -> Iterator[str]:
    """The sequences of an A3M or CSV file."""
    with path.open(newline="") as file:
        if path.suffix == ".csv":
            yield from (row["sequence"] for row in csv.DictReader(file) if row.get("sequence"))
        else:
            lines = (line.strip() for line in file)
            yield from (line for line in lines if line and line[0] not in ">#")


def _ungapped(row: str) -> str:
    """A row without gaps and without insertions, which are in lower case."""
    return "".join(letter for letter in row if letter.isupper())


def _refused(reason: str) -> PredictionFailed:
    return PredictionFailed(FailureClass.INVALID_INPUT, reason)
