"""
Is a predicted pose chemically possible? From coordinates alone, in milliseconds.

The checks and limits are those that PoseBusters (Buttenschoen et al. 2024) made usual, as far as they need no
hydrogens and no force field; its names are kept.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdDistGeom

BONDED = 1.3
"""Atoms closer than this times the sum of their covalent radii are taken for bonded."""
STRETCH = 0.25
"""By what part a bond, or the way over an angle, may be shorter or longer than distance geometry allows."""
CLASH = 0.30
"""By what part other atoms of the ligand may come closer than distance geometry allows."""
OVERLAP = 0.75
"""Atoms of ligand and protein stay apart by this part of the sum of their van der Waals radii."""
REACH = 5.0
"""Å; atoms farther apart than this do not overlap, whatever they are."""
FLAT = 0.25
"""Å from the best plane through an aromatic ring, or through a double bond and what is bonded to it."""
_TABLE = Chem.GetPeriodicTable()
_FLAT_DOUBLE_BOND = Chem.MolFromSmarts("[C;X3;!R](-*)(-*)=[C;X3;!R](-*)-*")
Points = NDArray[np.float64]


def pose_checks(
    pose: Chem.Mol, protein: Points, elements: Sequence[str], *, sound: bool
) -> dict[str, bool | None]:
    """
    Every check: passed, failed, or None where it could not be made.

    ``pose`` has the heavy atoms, bonds and stereo that were asked for, and the coordinates (Å) that were
    predicted; ``protein`` the heavy atoms around it with their elements. ``sound``: the distances are those
    of these bonds; of others no stereo can be read.
    """
    places = np.array(pose.GetConformer().GetPositions(), dtype=float)
    return {
        "molecular_bonds": sound,
        "valences": _valences(pose, places),
        "stereochemistry": _stereo(pose) if sound else None,
        **_geometry(pose, places),
        "aromatic_ring_flatness": _flat(places, _aromatic_rings(pose)),
        "double_bond_flatness": _flat(places, pose.GetSubstructMatches(_FLAT_DOUBLE_BOND)),
        "minimum_distance_to_protein": _apart(pose, places, protein, elements),
    }


def _valences(pose: Chem.Mol, places: Points) -> bool:
    """No atom has more atoms at the distance of a bond than its element can bind."""
    radii = np.array([_TABLE.GetRcovalent(atom.GetAtomicNum()) for atom in pose.GetAtoms()])
    close = _distances(places, places) < BONDED * (radii[:, None] + radii[None])
    neighbours = close.sum(axis=1) - 1
    return all(
        int(seen) <= max(_most(atom), atom.GetDegree())
        for atom, seen in zip(pose.GetAtoms(), neighbours, strict=True)
    )


def _most(atom: Chem.Atom) -> int:
    known = max(_TABLE.GetValenceList(atom.GetAtomicNum()))
    return int(known) if known >= 0 else 12


def _stereo(pose: Chem.Mol) -> bool:
    """In space it has the stereo that was asked for; what was left open may be either."""
    asked, seen = Chem.Mol(pose), Chem.Mol(pose)
    asked.RemoveAllConformers()
    Chem.AssignStereochemistryFrom3D(seen)
    return bool(seen.HasSubstructMatch(asked, useChirality=True))


def _geometry(pose: Chem.Mol, places: Points) -> dict[str, bool | None]:
    names = ("bond_lengths", "bond_angles", "internal_steric_clash")
    try:
        bounds = np.array(rdDistGeom.GetMoleculeBoundsMatrix(pose))
    except (RuntimeError, ValueError):  # elements or rings that distance geometry knows no bounds for
        return dict.fromkeys(names)
    upper, lower = np.triu(bounds, 1), np.tril(bounds, -1).T
    steps, found = Chem.GetDistanceMatrix(pose), _distances(places, places)
    pairs = np.triu(np.ones_like(steps, dtype=bool), 1)
    fits = (found >= lower * (1 - STRETCH)) & (found <= upper * (1 + STRETCH))
    clear = found >= lower * (1 - CLASH)
    verdicts = (fits[pairs & (steps == 1)], fits[pairs & (steps == 2)], clear[pairs & (steps > 2)])
    return {name: bool(them.all()) for name, them in zip(names, verdicts, strict=True)}


def _aromatic_rings(pose: Chem.Mol) -> Iterator[Sequence[int]]:
    for ring in pose.GetRingInfo().AtomRings():
        if len(ring) in (5, 6) and all(pose.GetAtomWithIdx(it).GetIsAromatic() for it in ring):
            yield ring


def _flat(places: Points, groups: Iterator[Sequence[int]] | Sequence[Sequence[int]]) -> bool:
    for group in groups:
        points = places[list(group)] - places[list(group)].mean(axis=0)
        normal = np.linalg.svd(points)[2][2]
        if np.abs(points @ normal).max() > FLAT:
            return False
    return True


def _apart(pose: Chem.Mol, places: Points, protein: Points, elements: Sequence[str]) -> bool:
    if not len(protein):
        return True
    near = np.flatnonzero((_distances(places, protein) <= REACH).any(axis=0))
    if not len(near):
        return True
    ours = np.array([_TABLE.GetRvdw(atom.GetAtomicNum()) for atom in pose.GetAtoms()])
    theirs = np.array([_TABLE.GetRvdw(elements[int(it)].capitalize()) for it in near])
    return bool((_distances(places, protein[near]) >= OVERLAP * (ours[:, None] + theirs[None])).all())


def _distances(one: Points, other: Points) -> Points:
    found: Points = np.sqrt(((one[:, None] - other[None]) ** 2).sum(-1))
    return found
