"""A SMILES string made ready for docking: one fragment, hydrogens, a 3D shape, AutoDock atom types."""

import re
from dataclasses import dataclass
from typing import Any

from meeko import MoleculePreparation, PDBQTWriterLegacy
from rdkit import Chem
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

from modal_gpu.predictors.vina.state import AS_GIVEN, Choice, State, choose
from shared.chemistry.fragments import by_size
from shared.chemistry.smiles import read_ligand

LARGEST_RDKIT_SEED = 2**31 - 1

# The atom types that Vina 1.2.7 has parameters for (its atom_constants.h), as Meeko writes them.
VINA_TYPES = frozenset({"C", "A", "N", "O", "P", "S", "H", "F", "I", "NA", "OA", "SA", "HD"}) | frozenset(
    {"Mg", "Mn", "Zn", "Ca", "Fe", "Cl", "Br", "Si", "At", "Se", "W"}
    | {f"{kind}{number}" for kind in ("G", "CG") for number in range(4)}
)


@dataclass(frozen=True)
class PreparedLigand:
    """
    What is docked.

    ``state`` has the docked fragment, in the protonation and tautomer that were chosen; ``torsions``
    counts the bonds the search may rotate (TORSDOF).
    """

    state: State
    pdbqt: str
    torsions: int
    removed_fragments: tuple[str, ...]

    @property
    def reference(self) -> Chem.Mol:
        """The docked fragment without hydrogens: what every pose must turn out to be."""
        return self.state.molecule

    @property
    def heavy_atoms(self) -> int:
        """Atoms heavier than hydrogen in the docked fragment."""
        return int(self.reference.GetNumHeavyAtoms())


def prepare_ligand(smiles: str, *, seed: int, choice: Choice = AS_GIVEN) -> PreparedLigand:
    """
    The largest fragment of the SMILES, embedded by ETKDGv3 with ``seed``, relaxed, typed by Meeko.

    It starts from the canonical SMILES, so that the same ligand written in another way docks the same.
    The protonation and tautomer are those of the SMILES unless ``choice`` says otherwise. The
    relaxation matters: from unrelaxed conformers the search loses near-native poses.

    Raises:
        ValueError: not a SMILES, the state cannot be chosen, no 3D shape can be made, or an atom has
            no AutoDock type.
    """
    largest, *removed = by_size(Chem.MolFromSmiles(read_ligand(smiles).smiles))
    state = choose(largest, choice)
    pdbqt = _pdbqt(_relax(_embed(Chem.AddHs(state.molecule), seed)))
    return PreparedLigand(
        state=state,
        pdbqt=pdbqt,
        torsions=_torsions(pdbqt),
        removed_fragments=tuple(Chem.MolToSmiles(fragment) for fragment in removed),
    )


def _embed(molecule: Chem.Mol, seed: int) -> Chem.Mol:
    settings: Any = rdDistGeom.ETKDGv3()
    settings.randomSeed = seed % LARGEST_RDKIT_SEED
    for random_start in (False, True):
        settings.useRandomCoords = random_start
        if rdDistGeom.EmbedMolecule(molecule, settings) == 0:
            return molecule
    raise ValueError("No 3D shape can be made for this molecule; its stereochemistry may be impossible.")


def _relax(molecule: Chem.Mol) -> Chem.Mol:
    """Minimise in place with MMFF94, or UFF where MMFF94 lacks parameters; else leave ETKDG's shape."""
    if rdForceFieldHelpers.MMFFHasAllMoleculeParams(molecule):
        rdForceFieldHelpers.MMFFOptimizeMolecule(molecule, maxIters=2000)
    elif rdForceFieldHelpers.UFFHasAllMoleculeParams(molecule):
        rdForceFieldHelpers.UFFOptimizeMolecule(molecule, maxIters=2000)
    return molecule


def _pdbqt(molecule: Chem.Mol) -> str:
    try:
        setup, *_others = MoleculePreparation().prepare(molecule)
        text, ready, reason = PDBQTWriterLegacy.write_string(setup)
    except (RuntimeError, ValueError, KeyError) as error:
        raise ValueError(f"The ligand cannot be given AutoDock atom types: {error}") from error
    if not ready:
        raise ValueError(f"The ligand cannot be given AutoDock atom types: {reason.strip()}")
    _refuse_unknown_types(text)
    return str(text)


def _refuse_unknown_types(pdbqt: str) -> None:
    types = {line.split()[-1] for line in pdbqt.splitlines() if line.startswith("ATOM")}
    unknown = sorted(types - VINA_TYPES)
    if unknown:
        raise ValueError(f"Vina has no parameters for atoms of type {', '.join(unknown)}.")


def _torsions(pdbqt: str) -> int:
    match = re.search(r"^TORSDOF (\d+)", pdbqt, re.MULTILINE)
    if match is None:
        raise ValueError("The prepared ligand states no number of torsions.")
    return int(match[1])
