"""Reading a ligand from its SMILES: one canonical form, or one sentence about what is wrong with it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rdkit import Chem, rdBase

LONGEST_SMILES = 500
_WILDCARD, _HYDROGEN, _CARBON = (Chem.MolFromSmarts(f"[#{number}]") for number in (0, 1, 6))


@dataclass(frozen=True)
class Ligand:
    """
    A ligand as it was given, salts and all.

    ``smiles`` is RDKit's canonical isomeric form of the whole input; ``formal_charge`` (in e) and
    ``heavy_atoms`` count all ``fragments``; ``undefined_stereocentres`` and ``undefined_double_bonds``
    count those whose configuration the input leaves open.
    """

    smiles: str
    heavy_atoms: int
    fragments: int
    formal_charge: int
    undefined_stereocentres: int
    undefined_double_bonds: int
    has_carbon: bool
    warnings: tuple[str, ...]


def read_ligand(text: str) -> Ligand:
    """
    The ligand that a SMILES string describes.

    Raises:
        ValueError: with one sentence on what is wrong: not SMILES, too long, an impossible valence,
            a wildcard atom, or nothing heavier than hydrogen.
    """
    molecule = _parse(_one_word(text))
    _refuse_wildcards(molecule)
    if "~" in text:
        raise ValueError("A bond written ~ is of no definite kind; every bond must be.")
    _sanitize(molecule)
    if molecule.HasSubstructMatch(_HYDROGEN):
        with rdBase.BlockLogs():
            molecule = Chem.RemoveHs(molecule)
    if molecule.GetNumHeavyAtoms() == 0:
        raise ValueError("The SMILES has no atom heavier than hydrogen.")
    return _describe(molecule, text)


def _one_word(text: str) -> str:
    smiles = text.strip()
    if not smiles:
        raise ValueError("The SMILES is empty.")
    if len(smiles) > LONGEST_SMILES:
        raise ValueError(f"The SMILES has {len(smiles)} characters; at most {LONGEST_SMILES} are accepted.")
    if not smiles.isascii() or not smiles.replace("\t", " ").isprintable():
        raise ValueError("The SMILES contains characters other than printable ASCII.")
    if len(smiles.split()) > 1:
        raise ValueError("The SMILES contains a blank; names and extensions after it are not accepted.")
    return smiles


def _parse(smiles: str) -> Chem.Mol:
    with rdBase.CaptureErrorLog() as log:
        molecule = Chem.MolFromSmiles(smiles, sanitize=False)
    if molecule is None:
        raise ValueError(f"Not a valid SMILES: {_reason(log.messages)}.")
    return molecule


def _reason(log: str) -> str:
    """What RDKit's parser complained about, without time stamps and without repeating the input."""
    complaints = re.findall(r"SMILES Parse Error: (.+)", log)
    what = re.split(r" for input:| while parsing:", complaints[0])[0] if complaints else "it cannot be parsed"
    place = re.search(r"around position (\d+)", log)
    return f"{what} near character {place[1]}" if place else what


def _refuse_wildcards(molecule: Chem.Mol) -> None:
    found = molecule.GetSubstructMatch(_WILDCARD)
    if found:
        raise ValueError(f"Atom {found[0] + 1} is a wildcard (*); every atom must be a definite element.")


def _sanitize(molecule: Chem.Mol) -> None:
    with rdBase.BlockLogs():
        before = Chem.Mol(molecule)
        if Chem.SanitizeMol(molecule, catchErrors=True) != Chem.SANITIZE_NONE:
            raise ValueError(_complaint(before))
        Chem.AssignStereochemistry(molecule, cleanIt=True, force=True)


def _complaint(molecule: Chem.Mol) -> str:
    """Some problems come up on the way only, after bonds to a metal were mended; RDKit's words say those."""
    problems = Chem.DetectChemistryProblems(molecule)
    if problems:
        return _problem(molecule, problems[0])
    try:
        Chem.SanitizeMol(molecule)
    except Chem.MolSanitizeException as error:
        return f"The molecule is not chemically sensible: {error}."
    raise ValueError("The molecule is not chemically sensible.")


def _problem(molecule: Chem.Mol, problem: Any) -> str:
    """One sentence that names the atoms, counted from 1 in the order of the SMILES.

    ``problem`` is one of RDKit's MolSanitizeExceptions, whose type stubs leave out their methods.
    """
    match problem.GetType():
        case "AtomValenceException":
            atom = molecule.GetAtomWithIdx(problem.GetAtomIdx())
            return f"Atom {atom.GetIdx() + 1} ({atom.GetSymbol()}) has more bonds than its valence allows."
        case "AtomKekulizeException":
            return f"Atom {problem.GetAtomIdx() + 1} is written as aromatic but is not in an aromatic ring."
        case "KekulizeException":
            atoms = ", ".join(str(index + 1) for index in problem.GetAtomIndices())
            return f"No alternating bonds fit the aromatic atoms {atoms}; is a hydrogen missing, as in [nH]?"
        case _:
            return f"The molecule is not chemically sensible: {problem.Message()}."


def _describe(molecule: Chem.Mol, text: str) -> Ligand:
    centres, bonds = _open_stereo(molecule)
    fragments = len(Chem.GetMolFrags(molecule))
    mapped = ":" in text and _drop_atom_maps(molecule)
    has_carbon = molecule.HasSubstructMatch(_CARBON)
    warnings = tuple(_warnings(centres, bonds, fragments, mapped=mapped, has_carbon=has_carbon))
    return Ligand(
        smiles=Chem.MolToSmiles(molecule),
        heavy_atoms=molecule.GetNumHeavyAtoms(),
        fragments=fragments,
        formal_charge=Chem.GetFormalCharge(molecule),
        undefined_stereocentres=centres,
        undefined_double_bonds=bonds,
        has_carbon=has_carbon,
        warnings=warnings,
    )


def _open_stereo(molecule: Chem.Mol) -> tuple[int, int]:
    """How many tetrahedral centres and how many double bonds have no configuration given."""
    found = Chem.FindPotentialStereo(Chem.Mol(molecule))
    still_open = [item.type for item in found if item.specified == Chem.StereoSpecified.Unspecified]
    return (
        still_open.count(Chem.StereoType.Atom_Tetrahedral),
        still_open.count(Chem.StereoType.Bond_Double),
    )


def _drop_atom_maps(molecule: Chem.Mol) -> bool:
    """Take atom map numbers away, in place; whether there were any."""
    mapped = [atom for atom in molecule.GetAtoms() if atom.GetAtomMapNum()]
    for atom in mapped:
        atom.SetAtomMapNum(0)
    return bool(mapped)


def _warnings(centres: int, bonds: int, fragments: int, *, mapped: bool, has_carbon: bool) -> Iterator[str]:
    if centres:
        yield f"{centres} stereocentre(s) without a configuration; the model picks one."
    if bonds:
        yield f"{bonds} double bond(s) without E or Z; the model picks one."
    if not has_carbon:
        yield "No carbon atom; models are made for organic ligands."
    if mapped:
        yield "Atom map numbers were dropped."
    if fragments > 1:
        yield f"{fragments} fragments; a salt or a mixture."
