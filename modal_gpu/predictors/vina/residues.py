"""Reducing a protein to complete amino acids: what is removed or cut, residue by residue, and said so."""

from collections import Counter

import gemmi

from shared.chemistry.structure import is_amino_acid

BACKBONE = frozenset({"N", "CA", "C", "O"})

# Heavy side-chain atoms of the standard amino acids: PDB Chemical Component Dictionary.
SIDE_CHAINS = {
    name: frozenset(atoms.split())
    for name, atoms in {
        "ALA": "CB",
        "ARG": "CB CG CD NE CZ NH1 NH2",
        "ASN": "CB CG OD1 ND2",
        "ASP": "CB CG OD1 OD2",
        "CYS": "CB SG",
        "GLN": "CB CG CD OE1 NE2",
        "GLU": "CB CG CD OE1 OE2",
        "GLY": "",
        "HIS": "CB CG ND1 CD2 CE1 NE2",
        "ILE": "CB CG1 CG2 CD1",
        "LEU": "CB CG CD1 CD2",
        "LYS": "CB CG CD CE NZ",
        "MET": "CB CG SD CE",
        "PHE": "CB CG CD1 CD2 CE1 CE2 CZ",
        "PRO": "CB CG CD",
        "SER": "CB OG",
        "THR": "CB OG1 CG2",
        "TRP": "CB CG CD1 CD2 NE1 CE2 CE3 CZ2 CZ3 CH2",
        "TYR": "CB CG CD1 CD2 CE1 CE2 CZ OH",
        "VAL": "CB CG1 CG2",
    }.items()
}

# Phosphorylated residues that Meeko's templates know; they are kept as they are.
PHOSPHORYLATED = frozenset({"SEP", "TPO", "PTR"})

# Names that force fields give to one protonation state of a standard residue. The state itself is
# read off the hydrogens, where the input has them.
STATES = {
    "HID": "HIS",
    "HIE": "HIS",
    "HIP": "HIS",
    "HSD": "HIS",
    "HSE": "HIS",
    "HSP": "HIS",
    "ASH": "ASP",
    "GLH": "GLU",
    "LYN": "LYS",
    "CYX": "CYS",
    "CYM": "CYS",
}


def clean(structure: gemmi.Structure) -> list[str]:
    """Reduce the first model, in place, to complete amino acids; the changes, one line each."""
    changes = _drop_alternatives(structure)
    for chain in structure[0]:
        changes += _drop_foreign(chain)
        changes += _standardise(chain)
        for residue in chain:
            residue.entity_type = gemmi.EntityType.Polymer
    structure.remove_empty_chains()
    return changes


def label(chain: gemmi.Chain, residue: gemmi.Residue) -> str:
    """How a chemist names a residue: ``LEU A:99``."""
    return f"{residue.name} {chain.name}:{residue.seqid}"


def cut_back(residue: gemmi.Residue) -> str:
    """Turn the residue, in place, into alanine, or into glycine if it has no CB; what was done."""
    residue.name = "ALA" if residue.find_atom("CB", "*") is not None else "GLY"
    residue.het_flag = "A"
    keep_standard_atoms(residue)
    return f"cut back to {residue.name}"


def keep_standard_atoms(residue: gemmi.Residue) -> bool:
    """Delete, in place, hydrogens and atoms a standard residue does not have; whether there were any."""
    names = BACKBONE | {"OXT"} | SIDE_CHAINS[residue.name]
    before = len(residue)
    for index in reversed(range(len(residue))):
        if residue[index].name not in names:
            del residue[index]
    return len(residue) < before


def _drop_alternatives(structure: gemmi.Structure) -> list[str]:
    before = structure[0].count_atom_sites()
    structure.remove_alternative_conformations()
    dropped = before - structure[0].count_atom_sites()
    return [f"{dropped} atoms of second conformations removed"] if dropped else []


def _drop_foreign(chain: gemmi.Chain) -> list[str]:
    """Remove waters, ions, ligands, caps and nucleotides; one line per kind."""
    removed: Counter[str] = Counter()
    for index in reversed(range(len(chain))):
        if not _belongs(chain[index]):
            removed[chain[index].name] += 1
            del chain[index]
    return [f"{count} {name} removed from chain {chain.name}" for name, count in sorted(removed.items())]


def _belongs(residue: gemmi.Residue) -> bool:
    """Whether this is an amino acid of the chain itself, not a ligand that happens to be one."""
    if residue.name in STATES:
        return True
    return is_amino_acid(residue) and residue.entity_type == gemmi.EntityType.Polymer


def _standardise(chain: gemmi.Chain) -> list[str]:
    # Backwards, because a deletion moves everything behind it; the report reads forwards.
    changes = []
    for index in reversed(range(len(chain))):
        name = label(chain, chain[index])
        if not _heavy_names(chain[index]) >= BACKBONE:
            changes.append(f"{name} left out: backbone atoms missing")
            del chain[index]
        elif change := _make_standard(chain[index]):
            changes.append(f"{name} {change}")
    return changes[::-1]


def _make_standard(residue: gemmi.Residue) -> str | None:
    """Give the residue, in place, a standard name and its standard atoms; what was done, if anything."""
    change = _replace_selenium(residue) if residue.name == "MSE" else None
    residue.name = STATES.get(residue.name, residue.name)
    if residue.name in PHOSPHORYLATED:
        return None
    if residue.name not in SIDE_CHAINS:
        return f"{cut_back(residue)}: modified residue"
    if not _heavy_names(residue) >= SIDE_CHAINS[residue.name]:
        return f"{cut_back(residue)}: side-chain atoms missing"
    return change


def _replace_selenium(residue: gemmi.Residue) -> str:
    for atom in residue:
        if atom.element == gemmi.Element("Se"):
            atom.name, atom.element = "SD", gemmi.Element("S")
    residue.name, residue.het_flag = "MET", "A"
    return "treated as MET"


def _heavy_names(residue: gemmi.Residue) -> set[str]:
    return {atom.name for atom in residue if not atom.is_hydrogen()}
