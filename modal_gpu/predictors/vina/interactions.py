"""What holds a pose in its pocket: the interactions that ProLIF sees, residue by residue."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from rdkit import Chem

# ProLIF imports a module that MDAnalysis has moved, and MDAnalysis sets filters of its own to show it.
with warnings.catch_warnings(record=True):
    from prolif.fingerprint import Fingerprint
    from prolif.molecule import Molecule

# Without ProLIF's VdWContact, which any pose has with all residues around it. As ProLIF names them, from the
# ligand's side: in an HBDonor the ligand gives the hydrogen, in an Anionic the ligand is the anion.
KINDS = (
    *("Hydrophobic", "HBDonor", "HBAcceptor", "XBDonor", "XBAcceptor", "PiStacking"),
    *("Anionic", "Cationic", "CationPi", "PiCation"),
)


@dataclass(frozen=True, order=True)
class Interaction:
    """
    One kind of interaction with one residue; ``place`` orders residues as in the structure.

    ``distance`` (Å) is the shortest of its kind between them, as ProLIF defines it: between heavy
    atoms, or between the centres of rings.
    """

    place: int
    residue: str
    kind: str
    distance: float


@dataclass(frozen=True)
class Surroundings:
    """The receptor as ProLIF takes it; ``labels`` are its residues' names, such as ``LEU A:99``, in order."""

    protein: Molecule
    labels: tuple[str, ...]


def surroundings(protein: Chem.Mol, residues: Sequence[int], labels: Sequence[str]) -> Surroundings:
    """
    The receptor with all its hydrogens, bonds and charges; ``residues`` has each atom's place in ``labels``.

    Raises:
        ValueError: RDKit finds it chemically impossible.
    """
    marked = Chem.Mol(protein)
    for atom, place in zip(marked.GetAtoms(), residues, strict=True):
        # Numbered in order: ProLIF knows no insertion codes, and would merge A:52 and A:52B.
        atom.SetMonomerInfo(Chem.AtomPDBResidueInfo(" X  ", residueName="UNK", residueNumber=place + 1))
    Chem.SanitizeMol(marked)
    return Surroundings(Molecule.from_rdkit(marked), tuple(labels))


def interactions(pose: Chem.Mol, around: Surroundings) -> tuple[Interaction, ...]:
    """The interactions of a pose with hydrogens, in the receptor's frame; by residue, then by kind."""
    seen = _fingerprint().generate(Molecule.from_rdkit(pose), around.protein, metadata=True)
    found = [
        Interaction(residue.number - 1, around.labels[residue.number - 1], kind, _shortest(contacts))
        for (_, residue), kinds in seen.items()
        for kind, contacts in kinds.items()
    ]
    return tuple(sorted(found))


def as_text(found: Sequence[Interaction]) -> str:
    """In one line, such as ``HBAcceptor ARG A:119; Hydrophobic LEU A:84``."""
    return "; ".join(f"{item.kind} {item.residue}" for item in sorted(found, key=lambda item: item.kind))


def _fingerprint() -> Fingerprint:
    return Fingerprint(list(KINDS), count=True)


def _shortest(contacts: Sequence[dict[str, float]]) -> float:
    return round(min(contact["distance"] for contact in contacts), 2)
