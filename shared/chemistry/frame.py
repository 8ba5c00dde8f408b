"""Whether two structures of one protein lie in one frame: how far the same residues are apart."""

import math
from dataclasses import dataclass

import gemmi

from shared.chemistry.box import Box

FEWEST_RESIDUES = 3


@dataclass(frozen=True)
class Overlap:
    """RMSD (Å) of the Cα atoms of ``residues`` common residues; None where too few are common."""

    residues: int
    rmsd: float | None

    def __str__(self) -> str:
        if self.rmsd is None:
            return "not comparable (too few residues with the same chain, number and name)"
        return f"{self.rmsd:.1f} Å ({self.residues} residues)"


def overlap(first: gemmi.Structure, other: gemmi.Structure, box: Box) -> Overlap:
    """
    How far apart the residues that ``first`` has in the box lie in ``other``, without any fitting.

    Residues are the same if chain, number and name agree. With fewer than three nothing is said:
    the structures may number their residues differently.
    """
    there = _alpha_carbons(other)
    pairs = [
        (here, there[key])
        for key, here in _alpha_carbons(first).items()
        if key in there and box.contains(here.tolist())
    ]
    if len(pairs) < FEWEST_RESIDUES:
        return Overlap(len(pairs), None)
    squares = [here.dist(away) ** 2 for here, away in pairs]
    return Overlap(len(pairs), math.sqrt(sum(squares) / len(squares)))


def _alpha_carbons(structure: gemmi.Structure) -> dict[tuple[str, str, str], gemmi.Position]:
    return {
        (chain.name, str(residue.seqid), residue.name): atom.pos
        for chain in structure[0]
        for residue in chain
        for atom in residue
        if atom.name == "CA" and atom.element == gemmi.Element("C")
    }
