"""A protein structure made ready for docking: rigid PDBQT by Meeko, with a list of all that was changed."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import gemmi
from meeko import MoleculePreparation, PDBQTWriterLegacy, Polymer, ResidueChemTemplates
from rdkit import Chem, rdBase

from modal_gpu.predictors.vina.interactions import Surroundings, surroundings
from modal_gpu.predictors.vina.residues import SIDE_CHAINS, clean, cut_back, keep_standard_atoms, label

# Meeko often names one bad residue at a time, and each may need three steps: atoms stripped, side
# chain cut, dropped.
ROUNDS = 12

# Marks an atom of Meeko's polymer with the place of its residue in the structure.
RESIDUE_PLACE = "residue_place"


@dataclass(frozen=True)
class Receptor:
    """
    A prepared receptor.

    ``structure`` is the protein as docked, with the author's chain names; ``molecule`` the same
    atoms for geometric checks, ``surroundings`` those with all hydrogens for interactions;
    ``changes`` one line for each thing removed or altered; ``protonation`` how hydrogens and
    histidines were set.
    """

    pdbqt: str
    structure: gemmi.Structure
    molecule: Chem.Mol
    surroundings: Surroundings
    changes: tuple[str, ...]
    protonation: str


def prepare_receptor(structure: gemmi.Structure) -> Receptor:
    """
    The protein of a structure, reduced to complete amino acids and given AutoDock atom types.

    Hydrogens in the input decide the protonation states; where there are none, Meeko's defaults
    hold. A residue that fits no template loses its hydrogens and odd atoms, then its side chain,
    then its place; each step is reported.

    Raises:
        ValueError: nothing is left, or residues still fit no template after all rounds.
    """
    protein = structure.clone()
    changes = clean(protein)
    polymer, mended = _fit_templates(protein)
    pdbqt, _flexible = PDBQTWriterLegacy.write_from_polymer(polymer)
    return Receptor(
        pdbqt=pdbqt,
        structure=protein,
        molecule=_molecule(protein),
        surroundings=_surroundings(polymer, protein),
        changes=(*changes, *mended),
        protonation=_protonation(polymer, protein),
    )


def _fit_templates(protein: gemmi.Structure) -> tuple[Polymer, list[str]]:
    """Meeko's polymer, after mending what its templates refuse; ``protein`` is mended in place."""
    changes: list[str] = []
    for _round in range(ROUNDS):
        polymer, refused = _build(protein)
        if polymer is not None and not refused:
            return polymer, changes
        changes += [_mend(protein, key) for key in sorted(refused)]
        protein.remove_empty_chains()
    raise ValueError(f"The receptor cannot be prepared; tried in vain: {'; '.join(changes)}.")


def _build(protein: gemmi.Structure) -> tuple[Polymer | None, set[str]]:
    """Meeko's polymer, or None, and the keys (``A:12``, one-letter chains) of residues it refuses."""
    if len(protein[0]) == 0:
        raise ValueError("The receptor has no complete amino acid.")
    logging.getLogger("meeko").setLevel(logging.ERROR)
    try:
        with rdBase.BlockLogs():
            polymer = Polymer.from_pdb_string(
                _pdb(protein), _templates(), MoleculePreparation(), allow_bad_res=True
            )
    except (RuntimeError, ValueError) as error:
        named = {key for key, _, _ in _keyed(protein)} & set(re.findall(r"\w?:-?\d+[A-Za-z]?", str(error)))
        if not named:
            raise ValueError(f"The receptor cannot be prepared: {error}") from error
        return None, named
    return polymer, set(polymer.get_ignored_monomers())


@cache
def _templates() -> ResidueChemTemplates:
    return ResidueChemTemplates.create_from_defaults()


def _pdb(protein: gemmi.Structure) -> str:
    """Minimal PDB text, chain names cut to the one letter the format has room for."""
    short = protein.clone()
    short.shorten_chain_names()
    return short.make_pdb_string(gemmi.PdbWriteOptions(minimal=True))


def _keyed(protein: gemmi.Structure) -> Iterator[tuple[str, gemmi.Chain, int]]:
    """Meeko's key of every residue, with its chain and its index there."""
    short = protein.clone()
    short.shorten_chain_names()
    for chain, renamed in zip(protein[0], short[0], strict=True):
        for index, residue in enumerate(chain):
            yield f"{renamed.name}:{residue.seqid}", chain, index


def _mend(protein: gemmi.Structure, key: str) -> str:
    """Make one refused residue simpler, in place, by the mildest step left; the line that says how."""
    chain, index = next((chain, index) for known, chain, index in _keyed(protein) if known == key)
    residue = chain[index]
    name = label(chain, residue)
    if residue.name in SIDE_CHAINS and keep_standard_atoms(residue):
        return f"{name} lost its hydrogens and non-standard atoms: no template fits it"
    if residue.name not in {"ALA", "GLY"}:
        return f"{name} {cut_back(residue)}: no template fits it"
    del chain[index]
    return f"{name} left out: no template fits it"


def _molecule(protein: gemmi.Structure) -> Chem.Mol:
    with rdBase.BlockLogs():
        return Chem.MolFromPDBBlock(_pdb(protein), sanitize=False, removeHs=False, proximityBonding=False)


def _surroundings(polymer: Polymer, protein: gemmi.Structure) -> Surroundings:
    """The polymer's own molecule: Meeko's templates gave it bonds, charges and missing hydrogens."""
    labels = []
    for place, (key, chain, index) in enumerate(_keyed(protein)):
        labels.append(label(chain, chain[index]))
        for atom in polymer.monomers[key].rdkit_mol.GetAtoms():
            atom.SetIntProp(RESIDUE_PLACE, place)
    whole = polymer.to_rdkit_mol()
    return surroundings(whole, [atom.GetIntProp(RESIDUE_PLACE) for atom in whole.GetAtoms()], labels)


def _protonation(polymer: Polymer, protein: gemmi.Structure) -> str:
    given = "as in the input" if _has_hydrogens(protein) else "added by template"
    histidines = [
        f"{chain.name}:{chain[index].seqid} {polymer.monomers[key].residue_template_key}"
        for key, chain, index in _keyed(protein)
        if chain[index].name == "HIS"
    ]
    return f"receptor hydrogens {given}; histidines: {', '.join(histidines) or 'none'}"


def _has_hydrogens(protein: gemmi.Structure) -> bool:
    return any(site.atom.is_hydrogen() for site in protein[0].all())
