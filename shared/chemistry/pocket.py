"""Does a pose lie where it was asked to: near the residues of a pocket, or in a box. Distances in Å."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.chemistry.box import Box

NEAR = 5.0
"""A ligand is in a pocket if a heavy atom of it is at most so far from one of the residues asked for."""
TOUCHING = 4.0
"""Between heavy atoms: a ligand and a residue that close are in contact."""
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Residues:
    """Heavy atoms of residues: ``owners`` has each atom's place in ``labels``, such as ``LEU A:99``."""

    labels: tuple[str, ...]
    points: Points
    owners: NDArray[np.intp]

    @classmethod
    def of(cls, found: Iterable[tuple[str, Sequence[Sequence[float]]]]) -> "Residues":
        """From labels with the positions of their heavy atoms; a residue without any is left out."""
        kept = [(label, np.array(points, dtype=float)) for label, points in found if len(points)]
        sizes = [len(points) for _, points in kept]
        return cls(
            tuple(label for label, _ in kept),
            np.concatenate([np.empty((0, 3)), *(points for _, points in kept)]),
            np.repeat(np.arange(len(kept)), sizes),
        )


@dataclass(frozen=True)
class Verdict:
    """
    ``shortest``: from the ligand to the nearest atom asked for, or to the box; ``centroid``: between the
    centroids of both. ``nearest`` names the residue; None for a box.
    """

    inside: bool
    shortest: float
    centroid: float
    nearest: str | None

    @property
    def word(self) -> str:
        """As a table shows it."""
        return "in" if self.inside else "out"


@dataclass(frozen=True)
class Contact:
    """A residue and the shortest distance to it between heavy atoms."""

    residue: str
    distance: float


def by_residues(ligand: Points, pocket: Residues) -> Verdict | None:
    """In, if any heavy atom is within 5 Å of any atom of the residues; None if these have no atoms."""
    if not len(pocket.points) or not len(ligand):
        return None
    distances = _between(ligand, pocket.points).min(axis=0)
    nearest = int(distances.argmin())
    shortest = float(distances[nearest])
    centroid = float(np.linalg.norm(ligand.mean(axis=0) - pocket.points.mean(axis=0)))
    return Verdict(shortest <= NEAR, round(shortest, 2), round(centroid, 2), _label(pocket, nearest))


def by_box(ligand: Points, box: Box) -> Verdict:
    """In, if the centroid of the heavy atoms is in the box; ``centroid`` is its way to the box's centre."""
    middle, center = ligand.mean(axis=0), np.array(box.center)
    outside = np.maximum(np.abs(ligand - center) - np.array(box.size) / 2, 0.0)
    shortest = float(np.linalg.norm(outside, axis=1).min())
    away = float(np.linalg.norm(middle - center))
    return Verdict(box.contains(middle.tolist()), round(shortest, 2), round(away, 2), None)


def contacts(ligand: Points, around: Residues, *, within: float = TOUCHING) -> list[Contact]:
    """The residues in contact with the ligand, in the order of ``around``."""
    if not len(around.points) or not len(ligand):
        return []
    low, high = ligand.min(axis=0) - within, ligand.max(axis=0) + within
    # A protein has thousands of atoms, and a box around the ligand some hundred of them.
    close = np.flatnonzero(((around.points >= low) & (around.points <= high)).all(axis=1))
    if not len(close):
        return []
    shortest: dict[int, float] = {}
    nearest = _between(ligand, around.points[close]).min(axis=0)
    for owner, distance in zip(around.owners[close], nearest, strict=True):
        if distance <= within:
            shortest[int(owner)] = min(float(distance), shortest.get(int(owner), within))
    return [Contact(around.labels[owner], round(found, 2)) for owner, found in sorted(shortest.items())]


def _between(one: Points, other: Points) -> Points:
    found: Points = np.sqrt(((one[:, None] - other[None]) ** 2).sum(-1))
    return found


def _label(pocket: Residues, atom: int) -> str:
    return pocket.labels[int(pocket.owners[atom])]
