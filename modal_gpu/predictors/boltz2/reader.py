"""
What Boltz-2 wrote, read as if nothing of it could be trusted.

The program ends with success when it left records out, so only what is there, complete and about what
was asked, counts.
"""

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from modal_gpu.predictors.folded.identity import substituted

FRACTIONS = (
    "confidence_score",
    "ptm",
    "iptm",
    "ligand_iptm",
    "protein_iptm",
    "complex_plddt",
    "complex_iplddt",
)
DISTANCES = ("complex_pde", "complex_ipde")
AFFINITIES = tuple(
    f"affinity_{kind}{member}" for kind in ("pred_value", "probability_binary") for member in ("", "1", "2")
)
ROUNDING = 1e-6
ARRAYS = {"pae": 2, "pde": 2, "plddt": 1}
"""The arrays kept beside a structure, and their dimensions: each is as long as there are tokens."""


class Unreadable(Exception):
    """What was written is incomplete or damaged; the message says which file, and how."""


@dataclass(frozen=True)
class Sample:
    """One structure and how sure the model is of it; arrays are the bytes of .npz files by name."""

    cif: bytes
    confidence: Mapping[str, Any]
    confidence_file: bytes
    arrays: Mapping[str, bytes]


@dataclass(frozen=True)
class Record:
    """The answer to one input: its samples, the most confident one first."""

    samples: tuple[Sample, ...]
    affinity: Mapping[str, float] | None
    affinity_file: bytes | None


def read(out: Path, record: str, *, samples: int, affinity: bool) -> Record:
    """
    The answer to the input of this id, below the folder ``out``.

    Raises:
        Unreadable: a file is missing, damaged, or has figures that are none.
        PredictionFailed: model_substituted_record if records were written that nobody asked for.
    """
    folder = _folder(out, record)
    found = tuple(_sample(folder, record, rank) for rank in range(samples))
    beyond = sorted(path.name for path in folder.glob(f"{record}_model_*.cif"))[samples:]
    if beyond:
        raise Unreadable(
            f"{len(beyond)} more structures were written than the {samples} asked for: {beyond[0]}"
        )
    if not affinity:
        return Record(found, None, None)
    content = _bytes(folder / f"affinity_{record}.json")
    return Record(found, _affinity(content), content)


def _folder(out: Path, record: str) -> Path:
    roots = [path for path in sorted(out.rglob("predictions")) if path.is_dir()]
    written = sorted(path.name for root in roots for path in root.iterdir() if path.is_dir())
    others = [name for name in written if name != record]
    if others:
        raise substituted(f"the model wrote the records {', '.join(others)}, asked was {record}")
    if written != [record]:
        raise Unreadable("the model wrote no prediction")
    return next(root / record for root in roots if (root / record).is_dir())


def _sample(folder: Path, record: str, rank: int) -> Sample:
    name = f"{record}_model_{rank}"
    content = _bytes(folder / f"confidence_{name}.json")
    arrays = {kind: _bytes(folder / f"{kind}_{name}.npz") for kind in ARRAYS}
    _check_arrays(arrays)
    return Sample(_bytes(folder / f"{name}.cif"), _confidence(content), content, arrays)


def _bytes(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise Unreadable(f"the model left no {path.name}") from error
    if not content:
        raise Unreadable(f"{path.name} is empty")
    return content


def _object(content: bytes, what: str) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError as error:
        raise Unreadable(f"the {what} file is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise Unreadable(f"the {what} file holds no object")
    return found


def _confidence(content: bytes) -> dict[str, Any]:
    found = _object(content, "confidence")
    for name in FRACTIONS:
        _check(found, name, 0, 1)
    for name in DISTANCES:
        _check(found, name, 0, math.inf)
    return found


def check_chains(confidence: Mapping[str, Any], chains: int) -> None:
    """Raise Unreadable unless there is a figure for each chain and each pair of them."""
    numbers = [str(number) for number in range(chains)]
    alone, pairs = confidence.get("chains_ptm"), confidence.get("pair_chains_iptm")
    if not _is_table(alone, numbers):
        raise Unreadable(f"chains_ptm is not one figure for each of {chains} chains")
    if not isinstance(pairs, dict) or sorted(pairs) != sorted(numbers):
        raise Unreadable(f"pair_chains_iptm is not about {chains} chains")
    if not all(_is_table(row, numbers) for row in pairs.values()):
        raise Unreadable(f"pair_chains_iptm is not one figure for each pair of {chains} chains")


def _affinity(content: bytes) -> dict[str, float]:
    found = _object(content, "affinity")
    for name in AFFINITIES:
        bounds = (0, 1) if "probability" in name else (-math.inf, math.inf)
        _check(found, name, *bounds)
    return {name: float(found[name]) for name in AFFINITIES}


def _check(found: Mapping[str, Any], name: str, least: float, most: float) -> None:
    value = found.get(name)
    if value is None or not _is_number(value):
        raise Unreadable(f"{name} is {value!r}, which is no figure")
    if not least - ROUNDING <= value <= most + ROUNDING:
        raise Unreadable(f"{name} is {value}, outside {least:g} to {most:g}")


def _is_table(found: object, names: Sequence[str]) -> bool:
    return isinstance(found, dict) and sorted(found) == sorted(names) and all(map(_is_number, found.values()))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check_arrays(arrays: Mapping[str, bytes]) -> None:
    sizes = set[int]()
    for kind, content in arrays.items():
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                array = file[kind]
        except (ValueError, OSError, KeyError, EOFError, BadZipFile) as error:
            raise Unreadable(f"the {kind} file cannot be read: {error}") from error
        if array.ndim != ARRAYS[kind] or not np.isfinite(array).all():
            raise Unreadable(f"the {kind} file holds no table of figures")
        sizes.update(array.shape)
    if len(sizes) != 1:
        raise Unreadable(f"pae, pde and plddt differ in their number of tokens: {sorted(sizes)}")
