"""The search box of a docking run: given, around a known ligand, or around residues."""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated

import gemmi
from pydantic import Field
from rdkit import Chem, rdBase

from shared.chemistry.effort import demanding_drawing, watched
from shared.chemistry.structure import select_residue
from shared.models.base import Frozen

MARGIN = 4.0
SMALLEST_AUTOMATIC = 20.0

Coordinate = Annotated[float, Field(ge=-10_000, le=10_000)]
Length = Annotated[float, Field(ge=5, le=60)]
Point = tuple[float, float, float]


class Box(Frozen):
    """An axis-parallel box: its centre and its full edge lengths, (x, y, z) in Å."""

    center: tuple[Coordinate, Coordinate, Coordinate] = Field(description="Centre (x, y, z) in Å.")
    size: tuple[Length, Length, Length] = Field(description="Edge lengths (x, y, z) in Å, each 5 to 60.")

    def contains(self, point: Sequence[float]) -> bool:
        """Whether the point (Å) lies in the box or on its faces."""
        return all(abs(p - c) <= s / 2 for p, c, s in zip(point, self.center, self.size, strict=True))


def box_from_ligand(sdf: str) -> Box:
    """
    The box around all poses of an SDF file: their bounding box, 4 Å more on each side, at least 20 Å.

    Raises:
        ValueError: no pose can be read, none has 3D coordinates, or they span too much.
    """
    records = filter(str.strip, re.split(r"^\$\$\$\$.*\n?", sdf, flags=re.M))
    points = watched(_points, sdf) if any(map(demanding_drawing, records)) else _points(sdf)
    if all(z == 0 for _, _, z in points):
        raise ValueError("The reference ligand is flat; a box needs 3D coordinates in the protein's frame.")
    return _around(points, "the reference ligand")


def _points(sdf: str) -> list[tuple[float, ...]]:
    supplier = Chem.SDMolSupplier()
    with rdBase.BlockLogs():
        supplier.SetData(sdf, sanitize=False, removeHs=False)
        poses = [pose for pose in supplier if pose is not None and pose.GetNumAtoms() > 0]
    if not poses:
        raise ValueError("The reference ligand is not an SDF file with at least one molecule.")
    return [tuple(point) for pose in poses for point in pose.GetConformer().GetPositions().tolist()]


def box_from_residues(structure: gemmi.Structure, labels: Sequence[str]) -> Box:
    """
    The box around residues such as ``A:123``: their bounding box, 4 Å more on each side, at least 20 Å.

    Raises:
        ValueError: no residue is named, one does not exist, or they span too much.
    """
    if not labels:
        raise ValueError("Name at least one residue to place the box.")
    points = [atom.pos.tolist() for label in labels for atom in select_residue(structure, label)]
    return _around(points, "the residues")


def box_touches(box: Box, structure: gemmi.Structure) -> bool:
    """Whether at least one heavy atom of a protein chain of the first model lies in the box."""
    return any(
        box.contains(atom.pos.tolist())
        for chain in structure[0]
        for residue in chain.get_polymer()
        for atom in residue
        if not atom.is_hydrogen()
    )


def _around(points: Iterable[Sequence[float]], what: str) -> Box:
    axes = list(zip(*points, strict=True))
    spans = [(min(axis), max(axis)) for axis in axes]
    sizes = [max(SMALLEST_AUTOMATIC, round(high - low + 2 * MARGIN, 3)) for low, high in spans]
    if max(sizes) > 60:
        raise ValueError(
            f"The box around {what} would be {max(sizes):.1f} Å long; at most 60 Å are possible."
        )
    x, y, z = (round((low + high) / 2, 3) for low, high in spans)
    return Box(center=(x, y, z), size=(sizes[0], sizes[1], sizes[2]))
