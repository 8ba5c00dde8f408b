"""What Chai-1 wrote: a structure and scores for each sample. Its exit says nothing; its files do."""

import io
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CIF, SCORES = "pred.model_idx_{}.cif", "scores.model_idx_{}.npz"
FIGURES = ("aggregate_score", "ptm", "iptm")


class NoAnswer(Exception):
    """A file is missing or is not what the program writes."""


@dataclass(frozen=True)
class Errors:
    """What the program predicts besides its files: for each sample, in Å (pae, pde) and 0 to 1 (plddt)."""

    pae: np.ndarray
    pde: np.ndarray
    plddt: np.ndarray


@dataclass(frozen=True)
class Sample:
    """
    One sample: ``number`` counts from 0 over all trunk samples, and is no rank.

    ``pair_iptm``: ipTM of each pair of chains, aligned on the first and scored on the second;
    ``chain_ptm``: pTM of each chain; ``clashes``: whether chains lie in each other.
    """

    number: int
    cif: bytes
    aggregate_score: float
    ptm: float
    iptm: float
    chain_ptm: tuple[float, ...]
    pair_iptm: tuple[tuple[float, ...], ...]
    clashes: bool


def read_samples(folder: Path, *, trunks: int, samples: int) -> list[Sample]:
    """
    All samples, in their order.

    Raises:
        NoAnswer: one is missing, cannot be read, or has scores that are no numbers.
    """
    folders = [folder / f"trunk_{number}" for number in range(trunks)] if trunks > 1 else [folder]
    places = [(place, number) for place in folders for number in range(samples)]
    return [_sample(place, number, count) for count, (place, number) in enumerate(places)]


def best(samples: Sequence[Sample]) -> Sample:
    """The one with the highest aggregate score; of equal ones the first."""
    return max(samples, key=lambda it: (it.aggregate_score, -it.number))


def _sample(folder: Path, number: int, count: int) -> Sample:
    cif, scores = folder / CIF.format(number), folder / SCORES.format(number)
    for path in (cif, scores):
        if not path.is_file() or path.stat().st_size == 0:
            raise NoAnswer(f"the model wrote no {path.name}")
    arrays = _arrays(scores)
    aggregate, ptm, iptm = (_figure(arrays, name, scores.name) for name in FIGURES)
    pairs = _table(arrays, "per_chain_pair_iptm", scores.name)
    return Sample(
        number=count,
        cif=cif.read_bytes(),
        aggregate_score=aggregate,
        ptm=ptm,
        iptm=iptm,
        chain_ptm=tuple(_table(arrays, "per_chain_ptm", scores.name)[0]),
        pair_iptm=tuple(tuple(row) for row in pairs),
        clashes=bool(_figure(arrays, "has_inter_chain_clashes", scores.name)),
    )


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as found:
            return {name: found[name] for name in found.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise NoAnswer(f"{path.name} cannot be read: {error}") from error


def _figure(arrays: dict[str, np.ndarray], name: str, file: str) -> float:
    found = arrays.get(name)
    if found is None or found.size != 1:
        raise NoAnswer(f"{file} has no {name}")
    return _finite(float(found.reshape(-1)[0]), name, file)


def _table(arrays: dict[str, np.ndarray], name: str, file: str) -> list[list[float]]:
    """The rows of an array with a leading axis of one sample."""
    found = arrays.get(name)
    if found is None or found.ndim < 2 or len(found) != 1:
        raise NoAnswer(f"{file} has no {name}")
    rows = np.atleast_2d(found[0])
    return [[_finite(float(it), name, file) for it in row] for row in rows]


def _finite(value: float, name: str, file: str) -> float:
    if not math.isfinite(value):
        raise NoAnswer(f"{name} in {file} is not a number")
    return round(value, 6)
