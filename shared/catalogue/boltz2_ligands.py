"""
What Boltz-2 makes of a ligand, and which ligands it refuses.

With an affinity asked for, the program standardises the molecule first: it refuses metals, and neutralises
charges. A salt must not reach it, as it refuses those too.
"""

from collections.abc import Callable
from functools import partial

from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize import rdMolStandardize

from shared.chemistry.fragments import by_size
from shared.models.batch import LibraryRow

MOST_ATOMS, TRAINED_ATOMS = 128, 56
"""Heavy atoms: what the affinity model takes, and the largest ligand that it was trained on."""
MOST_BORON = 7
LONGEST_ATOM_NAME = 4
METALS = frozenset({*range(21, 30), 31, 32, *range(39, 52), *range(57, 85), *range(89, 104)})
"""Atomic numbers. Alkali metals, Mg, Ca, Al and Zn are not among them."""


def written(smiles: str, *, affinity: bool) -> tuple[str, tuple[str, ...]]:
    """
    The SMILES that the model is given, and the fragments that are left out.

    It is the largest fragment; for an affinity neutral, as far as protons alone can make it so.
    """
    with rdBase.BlockLogs():
        whole = Chem.RemoveHs(Chem.MolFromSmiles(smiles))
        kept, *removed = by_size(whole)
        if affinity:
            kept = rdMolStandardize.Uncharger().uncharge(kept)
        return Chem.MolToSmiles(kept), tuple(Chem.MolToSmiles(fragment) for fragment in removed)


def named(smiles: str) -> Chem.Mol:
    """
    The molecule without hydrogens, each atom with the ``name`` that the model gives it.

    A name is the element and the atom's canonical rank among all atoms, hydrogens included.

    Raises:
        ValueError: not a SMILES.
    """
    parsed = Chem.MolFromSmiles(smiles)
    if parsed is None:
        raise ValueError(f"not a SMILES: {smiles}")
    molecule = Chem.AddHs(parsed)
    for atom, rank in zip(molecule.GetAtoms(), Chem.CanonicalRankAtoms(molecule), strict=True):
        atom.SetProp("name", f"{atom.GetSymbol().upper()}{rank + 1}")
    return Chem.RemoveHs(molecule)


def judging(*, affinity: bool, cofactors: frozenset[str]) -> Callable[[LibraryRow], LibraryRow | str]:
    """How rows are judged; ``cofactors``: the canonical SMILES of what is in the complex beside them."""
    return partial(_judged, affinity=affinity, cofactors=cofactors)


def _judged(row: LibraryRow, *, affinity: bool, cofactors: frozenset[str]) -> LibraryRow | str:
    """The row, with what its chemist should know; or why it cannot be predicted."""
    if row.canonical_smiles is None:
        return row
    smiles, _ = written(row.canonical_smiles, affinity=affinity)
    molecule = named(smiles)
    problem = _unnameable(molecule)
    if affinity and problem is None:
        problem = _refused(molecule) or _repeated(smiles, cofactors)
    if problem is not None:
        return problem
    said = tuple(_warnings(row, molecule.GetNumAtoms(), affinity=affinity))
    return row.model_copy(update={"warnings": (*row.warnings, *said)}) if said else row


def _refused(molecule: Chem.Mol) -> str | None:
    atoms = molecule.GetNumAtoms()
    if atoms > MOST_ATOMS:
        return f"The ligand has {atoms} heavy atoms; Boltz-2 predicts affinities up to {MOST_ATOMS}."
    numbers = [atom.GetAtomicNum() for atom in molecule.GetAtoms()]
    metals = sorted({atom.GetSymbol() for atom in molecule.GetAtoms() if atom.GetAtomicNum() in METALS})
    if metals:
        return f"The ligand holds {', '.join(metals)}; Boltz-2 predicts no affinity of metal compounds."
    if numbers.count(5) > MOST_BORON:
        return f"The ligand has {numbers.count(5)} boron atoms; Boltz-2 takes {MOST_BORON} for an affinity."
    return None


def _repeated(smiles: str, cofactors: frozenset[str]) -> str | None:
    if smiles in cofactors:
        return "The ligand is there as a cofactor, too; Boltz-2 predicts no affinity of one of two copies."
    return None


def _unnameable(molecule: Chem.Mol) -> str | None:
    name = max((atom.GetProp("name") for atom in molecule.GetAtoms()), key=len)
    if len(name) <= LONGEST_ATOM_NAME:
        return None
    return f"The ligand is too large: the model has no name for its atom {name}."


def _warnings(row: LibraryRow, atoms: int, *, affinity: bool) -> list[str]:
    said = []
    if row.fragments > 1:
        said.append("Only the largest fragment is predicted.")
    if affinity and atoms > TRAINED_ATOMS:
        said.append(
            f"{atoms} heavy atoms; the affinity model was trained on up to {TRAINED_ATOMS} and may be off."
        )
    return said
