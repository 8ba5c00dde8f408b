"""From options to the body of a submission; what they mean is for the functions to judge."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.errors import Refused
from cli.files import read_targets, read_text


@dataclass(frozen=True)
class Screen:
    """A screen as the command line names it."""

    library: Path
    targets: Sequence[Path]
    sequence: Path | None
    model: str
    name: str | None
    protein_name: str | None
    seed: int | None
    strict: bool = False
    filters: Mapping[str, Any] | None = None


def order(screen: Screen, parameters: Mapping[str, Any], library: Mapping[str, Any]) -> dict[str, Any]:
    """The body; names that were not given are those of the files."""
    sequence = {"protein_sequence": read_text(screen.sequence, "sequence")} if screen.sequence else {}
    named_after = next(iter(screen.targets), screen.sequence)
    return {
        "job_name": screen.name or screen.library.name.split(".")[0] or screen.library.name,
        "protein_name": screen.protein_name or (named_after.stem if named_after else "unnamed"),
        "model_name": screen.model,
        "library": dict(library),
        "parameters": dict(parameters),
        "strict": screen.strict,
        **({} if screen.filters is None else {"molecule_filters": dict(screen.filters)}),
        **({} if screen.seed is None else {"seed": screen.seed}),
        **read_targets(screen.targets),
        **sequence,
    }


def parameters(
    given: Sequence[str], *, box: str | None, ligand: Path | None, residues: str | None
) -> dict[str, Any]:
    """Model parameters from ``KEY=VALUE`` pairs and the box options."""
    found = dict(map(_pair, given))
    if box is not None:
        found["box"] = _box(box)
    if ligand is not None:
        found["box_from_ligand"] = read_text(ligand, "reference ligand")
    if residues is not None:
        found["box_from_residues"] = [label.strip() for label in residues.split(",")]
    return found


def _pair(text: str) -> tuple[str, Any]:
    """``KEY=VALUE``; the value is JSON where it can be read as that, else text."""
    key, equals, value = text.partition("=")
    if not (key.strip() and equals):
        raise Refused(f"--param {text!r}: write KEY=VALUE")
    try:
        return key.strip(), json.loads(value)
    except ValueError:
        return key.strip(), value


def _box(text: str) -> dict[str, list[float]]:
    try:
        x, y, z, width, height, depth = map(float, text.split(","))
    except ValueError as error:
        message = "write six numbers in Å, CX,CY,CZ,SX,SY,SZ: the centre and the edge lengths"
        raise Refused(f"--box {text!r}: {message}") from error
    return {"center": [x, y, z], "size": [width, height, depth]}
