"""Which residues a ligand touches in a predicted structure."""

from collections.abc import Iterable

import gemmi
import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

NEAR = 5.0
"""Å between heavy atoms: closer than this a residue lines the pocket."""


def contacts(ligand: gemmi.Chain, polymers: Iterable[gemmi.Chain]) -> list[dict[str, JsonValue]]:
    """The residues of polymers within 5 Å of the ligand, by chain and number, with the distance."""
    around = np.concatenate([_positions(residue) for residue in ligand])
    near: list[dict[str, JsonValue]] = []
    for chain in polymers:
        for residue in chain:
            distance = _nearest(around, _positions(residue))
            if distance <= NEAR:
                place = {"chain": chain.name, "residue": residue.seqid.num, "name": residue.name}
                near.append({**place, "distance": round(distance, 2)})
    return near


def _positions(residue: gemmi.Residue) -> NDArray[np.float64]:
    heavy = [atom.pos.tolist() for atom in residue if not atom.is_hydrogen()]
    return np.array(heavy, dtype=float).reshape(-1, 3)


def _nearest(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    if not len(one) or not len(other):
        return float("inf")
    return float(np.sqrt(((one[:, None] - other[None]) ** 2).sum(-1)).min())
