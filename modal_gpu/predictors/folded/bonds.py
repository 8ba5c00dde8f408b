"""
Which atoms of a ligand are bonded in a predicted structure.

The file holds atoms and coordinates, no bonds: the distances say which there are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import dist

import gemmi
from rdkit import Chem

from modal_gpu.predictors.folded.identity import substituted

BONDED = 1.3
"""Atoms closer than this times the sum of their covalent radii are bonded."""
_RADII = Chem.GetPeriodicTable()
Edges = frozenset[tuple[int, int]]


@dataclass(frozen=True)
class Atom:
    """A heavy atom of the ligand in the structure; ``position`` in Å."""

    name: str
    element: str
    position: tuple[float, float, float]


def check_bonds(asked: Chem.Mol, atoms: Sequence[Atom]) -> bool:
    """
    Whether the distances are those of the molecule, whose atoms are in the same order.

    False: they are those of no molecule, as in a structure that failed, and tell nothing of which it is.

    Raises:
        PredictionFailed: model_substituted_record, if they are those of another molecule.
    """
    seen = bonded(atoms)
    if seen == edges_of(asked):
        return True
    if _is_molecule(atoms, seen):
        found = Chem.MolToSmiles(outline(atoms, seen))
        raise substituted(
            f"the ligand in the structure has the bonds {found}, asked was {Chem.MolToSmiles(asked)}"
        )
    return False


def edges_of(molecule: Chem.Mol) -> Edges:
    """The bonded pairs of atoms, each with the lower index first."""
    pairs = ((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in molecule.GetBonds())
    return frozenset((min(pair), max(pair)) for pair in pairs)


def bonded(atoms: Sequence[Atom]) -> Edges:
    """The pairs that lie as close as bonded atoms do."""
    radii = [_RADII.GetRcovalent(atom.element.capitalize()) for atom in atoms]
    return frozenset(
        (one, other)
        for one, other in combinations(range(len(atoms)), 2)
        if dist(atoms[one].position, atoms[other].position) < BONDED * (radii[one] + radii[other])
    )


def outline(atoms: Sequence[Atom], edges: Iterable[tuple[int, int]]) -> Chem.Mol:
    """Atoms and bonds alone, all bonds single."""
    found = Chem.RWMol()
    for atom in atoms:
        found.AddAtom(Chem.Atom(atom.element.capitalize()))
    for one, other in sorted(edges):
        found.AddBond(one, other, Chem.BondType.SINGLE)
    return found.GetMol()


def _is_molecule(atoms: Sequence[Atom], edges: Edges) -> bool:
    """Whether the bonds that are seen could be those of one molecule, another than was asked for."""
    seen = outline(atoms, edges)
    crowded = Chem.SanitizeMol(seen, Chem.SANITIZE_PROPERTIES, catchErrors=True) != Chem.SANITIZE_NONE
    return len(Chem.GetMolFrags(seen)) == 1 and not crowded


def heavy_atoms(residues: Iterable[Iterable[gemmi.Atom]]) -> list[Atom]:
    """Those of a small molecule, in the order of the file."""
    return [
        Atom(atom.name, atom.element.name, (atom.pos.x, atom.pos.y, atom.pos.z))
        for residue in residues
        for atom in residue
        if not atom.is_hydrogen()
    ]
