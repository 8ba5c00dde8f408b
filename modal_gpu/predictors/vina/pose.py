"""From Vina's poses back to molecules: the input's bonds and stereo, checked; SDF and mmCIF."""

import io
from collections import Counter
from collections.abc import Mapping, Sequence

import gemmi
from meeko import PDBQTMolecule, RDKitMolCreate
from rdkit import Chem
from rdkit.Chem import rdMolAlign

from modal_gpu.predictors.vina.dock import Run, ScoredPose

# Bounds the number of symmetry mappings that are tried; ligands with many equivalent groups have millions.
MOST_MAPPINGS = 10_000

# The PDB's name for a ligand without an entry in its component dictionary.
LIGAND_RESIDUE = "UNL"


class NotTheLigand(Exception):
    """The docked molecule differs from the one that was asked for."""


def molecules(run: Run, reference: Chem.Mol) -> list[Chem.Mol]:
    """
    The poses of a run, best first, each with hydrogens and one conformer in the receptor's frame (Å).

    Raises:
        NotTheLigand: bonds, charges or stereo of a pose differ from ``reference``.
    """
    (posed,) = RDKitMolCreate.from_pdbqt_mol(PDBQTMolecule(run.pdbqt, skip_typing=True))
    poses = [Chem.Mol(posed, confId=conformer.GetId()) for conformer in posed.GetConformers()]
    for pose in poses:
        check_identity(pose, reference)
    return poses


def check_identity(pose: Chem.Mol, reference: Chem.Mol) -> None:
    """
    Raise NotTheLigand unless ``pose`` has the graph of ``reference`` and, in space, its stereo.

    Stereocentres that the reference leaves open may have either configuration.
    """
    seen = Chem.RemoveHs(pose)
    Chem.AssignStereochemistryFrom3D(seen)
    if Chem.MolToSmiles(seen, isomericSmiles=False) != Chem.MolToSmiles(reference, isomericSmiles=False):
        raise NotTheLigand(
            "The docked molecule has other bonds or charges than the ligand that was asked for."
        )
    if not seen.HasSubstructMatch(reference, useChirality=True):
        raise NotTheLigand(
            "The docked molecule has another stereo configuration than the ligand that was asked for."
        )


def docked_smiles(pose: Chem.Mol) -> str:
    """Canonical isomeric SMILES of the pose, with the stereo it has in space."""
    seen = Chem.RemoveHs(pose)
    Chem.AssignStereochemistryFrom3D(seen)
    return str(Chem.MolToSmiles(seen))


def rmsd(one: Chem.Mol, other: Chem.Mol) -> float:
    """Heavy-atom RMSD in Å between two poses as they lie, over the ligand's symmetries, unaligned."""
    return float(rdMolAlign.CalcRMS(Chem.RemoveHs(one), Chem.RemoveHs(other), maxMatches=MOST_MAPPINGS))


def to_sdf(poses: Sequence[Chem.Mol], scores: Sequence[ScoredPose], name: str, *, receptor: str) -> str:
    """All poses of run 1 as one SDF, best first, each with its rank, figures and origin as data fields."""
    text = io.StringIO()
    with Chem.SDWriter(text) as writer:
        for number, (pose, score) in enumerate(zip(poses, scores, strict=True), start=1):
            writer.write(_with_fields(pose, score, number, {"_Name": name, "run": "1", "receptor": receptor}))
    return text.getvalue()


def _with_fields(pose: Chem.Mol, score: ScoredPose, number: int, texts: Mapping[str, str]) -> Chem.Mol:
    entry = Chem.Mol(pose)
    for key in entry.GetPropNames():
        entry.ClearProp(key)
    entry.SetIntProp("pose", number)
    entry.SetProp("affinity_kcal_mol", f"{score.affinity:.3f}")
    entry.SetProp("rmsd_lb_angstrom", f"{score.rmsd_lb:.3f}")
    entry.SetProp("rmsd_ub_angstrom", f"{score.rmsd_ub:.3f}")
    for key, text in texts.items():
        entry.SetProp(key, " ".join(text.split()))
    return entry


def to_mmcif(protein: gemmi.Structure, pose: Chem.Mol, name: str) -> str:
    """
    Protein and ligand as one mmCIF: the ligand is a non-polymer residue UNL in a chain of its own.

    Its atoms are named by element and number (C1, C2, N1 ...) in the order of the SDF.
    """
    whole = protein.clone()
    whole.name = whole.info["_entry.id"] = "complex"
    whole[0].add_chain(_ligand_chain(pose, {chain.name for chain in protein[0]}))
    _name_entities(whole)
    whole.assign_serial_numbers()
    document = whole.make_mmcif_document()
    _add_bonds(document.sole_block(), pose)
    document.sole_block().set_pair("_struct.title", gemmi.cif.quote(" ".join(name.split())))
    return str(document.as_string())


def _name_entities(structure: gemmi.Structure) -> None:
    """
    Make every chain an entity of its own, numbered from 1, with the sequence it has here.

    Without sequence numbers viewers draw no cartoon; and chains that shared an entity in the input
    need not have the same residues any more.
    """
    structure.entities.clear()
    for chain_number, chain in enumerate(structure[0], start=1):
        structure.entities.append(_entity(str(chain_number), chain))
        for number, residue in enumerate(chain, start=1):
            residue.subchain, residue.entity_id = chain.name, str(chain_number)
            residue.label_seq = number if residue.entity_type == gemmi.EntityType.Polymer else None


def _entity(name: str, chain: gemmi.Chain) -> gemmi.Entity:
    entity = gemmi.Entity(name)
    entity.entity_type, entity.subchains = chain[0].entity_type, [chain.name]
    if entity.entity_type == gemmi.EntityType.Polymer:
        entity.polymer_type = gemmi.PolymerType.PeptideL
        entity.full_sequence = [residue.name for residue in chain]
    return entity


def _ligand_chain(pose: Chem.Mol, taken: set[str]) -> gemmi.Chain:
    residue = gemmi.Residue()
    residue.name, residue.seqid, residue.het_flag = LIGAND_RESIDUE, gemmi.SeqId(1, " "), "H"
    residue.entity_type = gemmi.EntityType.NonPolymer
    positions = pose.GetConformer().GetPositions()
    for atom, atom_name, xyz in zip(pose.GetAtoms(), atom_names(pose), positions, strict=True):
        residue.add_atom(_ligand_atom(atom, atom_name, xyz))
    chain = gemmi.Chain(next(name for name in _chain_names() if name not in taken))
    chain.add_residue(residue)
    return chain


def _chain_names() -> list[str]:
    return ["L", *"XYZ", *(f"L{number}" for number in range(1, 1000))]


def _ligand_atom(atom: Chem.Atom, name: str, xyz: Sequence[float]) -> gemmi.Atom:
    placed = gemmi.Atom()
    placed.name, placed.element = name, gemmi.Element(atom.GetSymbol())
    placed.pos, placed.charge = (
        gemmi.Position(*(round(float(value), 3) for value in xyz)),
        atom.GetFormalCharge(),
    )
    placed.occ, placed.b_iso = 1.0, 0.0
    return placed


def atom_names(molecule: Chem.Mol) -> list[str]:
    """One unique name per atom, in order: element and its running number, such as C1, C2, CL1."""
    seen: Counter[str] = Counter()
    names = []
    for atom in molecule.GetAtoms():
        symbol = atom.GetSymbol().upper()
        seen[symbol] += 1
        names.append(f"{symbol}{seen[symbol]}")
    return names


def _add_bonds(block: gemmi.cif.Block, pose: Chem.Mol) -> None:
    """State the ligand's bond orders, so that a viewer need not guess them from distances."""
    names = atom_names(pose)
    flat = Chem.Mol(pose)
    Chem.Kekulize(flat)
    orders = {1.0: "SING", 2.0: "DOUB", 3.0: "TRIP"}
    loop = block.init_loop("_chem_comp_bond.", ["comp_id", "atom_id_1", "atom_id_2", "value_order"])
    for bond in flat.GetBonds():
        ends = names[bond.GetBeginAtomIdx()], names[bond.GetEndAtomIdx()]
        loop.add_row([LIGAND_RESIDUE, *ends, orders.get(bond.GetBondTypeAsDouble(), "SING")])
