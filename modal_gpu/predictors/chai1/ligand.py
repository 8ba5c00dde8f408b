"""What Chai-1 makes of a small molecule: its heavy atoms in the order of the SMILES, named by element."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem import rdDistGeom

from shared.chemistry.fragments import by_size

LONGEST_NAME = 4
EMBEDDING_SEED = 123


@dataclass(frozen=True)
class Ligand:
    """
    A molecule as it is given to the program.

    ``molecule`` has no hydrogens, and its atoms are in the order of ``smiles``; ``names`` are those of its
    atoms in the program's structures. ``removed`` are the fragments that were left out.
    """

    smiles: str
    molecule: Chem.Mol
    names: tuple[str, ...]
    removed: tuple[str, ...] = ()

    @property
    def heavy_atoms(self) -> int:
        """Each of them is a token."""
        return int(self.molecule.GetNumAtoms())


def read_ligand(smiles: str) -> Ligand:
    """
    The largest fragment of a ligand; the program itself would fold a salt with its counter-ion.

    Raises:
        ValueError: not a SMILES, or no 3D shape can be made of it.
    """
    with rdBase.BlockLogs():
        whole = Chem.MolFromSmiles(smiles)
        if whole is None:
            raise ValueError(f"not a SMILES: {smiles}")
        kept, *removed = by_size(whole)
        ligand = as_given(Chem.MolToSmiles(kept), tuple(Chem.MolToSmiles(it) for it in removed))
        _check_shape(ligand)
    return ligand


def as_given(smiles: str, removed: tuple[str, ...] = ()) -> Ligand:
    """A molecule that is taken as it stands, a cofactor for instance; it is a SMILES."""
    molecule = Chem.RemoveAllHs(Chem.MolFromSmiles(smiles))
    return Ligand(smiles, molecule, tuple(_names(molecule)), removed)


def _names(molecule: Chem.Mol) -> list[str]:
    """Element and number in four characters, and which of the atoms called so it is: ``C12_1``."""
    elements: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    names = []
    for atom in molecule.GetAtoms():
        elements[atom.GetSymbol()] += 1
        short = f"{atom.GetSymbol()}{elements[atom.GetSymbol()]}".upper()[:LONGEST_NAME]
        seen[short] += 1
        names.append(f"{short}_{seen[short]}")
    return names


def _check_shape(ligand: Ligand) -> None:
    """The program's own attempt at a shape: what it cannot shape, it leaves out in silence."""
    settings: Any = rdDistGeom.ETKDGv3()
    settings.useSmallRingTorsions = settings.useRandomCoords = True
    settings.randomSeed = EMBEDDING_SEED
    try:
        done = rdDistGeom.EmbedMolecule(Chem.AddHs(Chem.MolFromSmiles(ligand.smiles)), settings) == 0
    except RuntimeError:  # RDKit's invariants do not hold for some impossible shapes
        done = False
    if not done:
        raise ValueError("no 3D shape can be made for this molecule; its stereochemistry may be impossible")
