"""A model's parameters, from ``KEY=VALUE`` pairs, a file of them, and options that stand for some."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omtx.files import read_text

from cli.errors import Refused

FORMATS = {".a3m": "a3m", ".csv": "csv"}


def parameters(given: Sequence[str], file: Path | None = None) -> dict[str, Any]:
    """The parameters; a pair wins over the file. ``KEY=@FILE`` stands for the text of a file."""
    return {**(read_object(file, "parameters") if file else {}), **dict(map(_pair, given))}


def box_of(box: str | None, ligand: Path | None, residues: str | None) -> dict[str, Any]:
    """Where to dock."""
    found: dict[str, Any] = {}
    if box is not None:
        found["box"] = _box(box)
    if ligand is not None:
        found["box_from_ligand"] = read_text(ligand, "reference ligand")
    if residues is not None:
        found["box_from_residues"] = [label.strip() for label in residues.split(",")]
    return found


def evidence_of(alignments: Sequence[str], templates: Sequence[str]) -> dict[str, Any]:
    """Alignments, ``[CHAIN=]FILE``, and templates, ``[CHAIN[:CHAIN OF FILE]=]FILE``, of protein chains."""
    found: dict[str, Any] = {}
    if alignments:
        found["msa"] = [_alignment(text) for text in alignments]
    if templates:
        found["templates"] = [_template(text) for text in templates]
    return found


def read_object(path: Path, what: str) -> dict[str, Any]:
    """The JSON object that a file holds."""
    try:
        found = json.loads(read_text(path, what))
    except ValueError as error:
        raise Refused(f"{what} {path} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise Refused(f"{what} {path} must hold a JSON object, name by name")
    return found


def split_pair(text: str, option: str) -> tuple[str, str]:
    """``KEY=VALUE``, or ``KEY=@FILE`` with the text of the file as the value."""
    key, equals, value = text.partition("=")
    if not (key.strip() and equals):
        raise Refused(f"{option} {text!r}: write KEY=VALUE")
    return key.strip(), read_text(Path(value[1:]), key.strip()) if value.startswith("@") else value


def _pair(text: str) -> tuple[str, Any]:
    """The value is JSON where it can be read as that, else text; a file is text."""
    key, value = split_pair(text, "--param")
    if text.partition("=")[2].startswith("@"):
        return key, value
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _alignment(text: str) -> dict[str, Any]:
    chain, path = _of_chain(text)
    if path.suffix.lower() not in FORMATS:
        raise Refused(f"--msa {path}: alignments are read as {' or '.join(FORMATS)}")
    content = read_text(path, "alignment")
    return {"chain": chain or "A", "format": FORMATS[path.suffix.lower()], "content": content}


def _template(text: str) -> dict[str, Any]:
    chains, path = _of_chain(text)
    chain, _, of_file = (chains or "").partition(":")
    named = {"chain": chain, "template_chain": of_file}
    return {"content": read_text(path, "template")} | {name: it for name, it in named.items() if it}


def _of_chain(text: str) -> tuple[str | None, Path]:
    chain, equals, path = text.partition("=")
    return (chain.strip(), Path(path)) if equals else (None, Path(text))


def _box(text: str) -> dict[str, list[float]]:
    try:
        x, y, z, width, height, depth = map(float, text.split(","))
    except ValueError as error:
        message = "write six numbers in Å, CX,CY,CZ,SX,SY,SZ: the centre and the edge lengths"
        raise Refused(f"--box {text!r}: {message}") from error
    return {"center": [x, y, z], "size": [width, height, depth]}
