"""A ligand as a predicted structure has it: its own bonds, the coordinates of the structure."""

import io
from collections.abc import Iterable, Mapping, Sequence

import gemmi
from rdkit import Chem
from rdkit.Geometry import Point3D

ORDERS = {1.0: "SING", 2.0: "DOUB", 3.0: "TRIP"}
BONDS = ("comp_id", "atom_id_1", "atom_id_2", "value_order")


def placed(molecule: Chem.Mol, positions: Iterable[Sequence[float]]) -> Chem.Mol:
    """The molecule with its atoms, in their order, at the positions (Å)."""
    pose = Chem.Mol(molecule)
    pose.RemoveAllConformers()
    conformer = Chem.Conformer(pose.GetNumAtoms())
    for index, (x, y, z) in enumerate(positions):
        conformer.SetAtomPosition(index, Point3D(float(x), float(y), float(z)))
    conformer.Set3D(True)
    pose.AddConformer(conformer)
    return pose


def to_sdf(pose: Chem.Mol, name: str, fields: Mapping[str, str]) -> bytes:
    """One entry, with the input's bond orders and the fields as data."""
    entry = Chem.Mol(pose)
    for key in entry.GetPropNames():
        entry.ClearProp(key)
    for key, text in {"_Name": name, **fields}.items():
        entry.SetProp(key, " ".join(text.split()))
    file = io.StringIO()
    with Chem.SDWriter(file) as writer:
        writer.write(entry)
    return file.getvalue().encode()


def add_bonds(block: gemmi.cif.Block, component: str, pose: Chem.Mol, names: Sequence[str]) -> None:
    """State the ligand's bond orders in an mmCIF block, so that a viewer need not guess them."""
    flat = Chem.Mol(pose)
    Chem.Kekulize(flat)
    loop = block.init_loop("_chem_comp_bond.", list(BONDS))
    for bond in flat.GetBonds():
        ends = names[bond.GetBeginAtomIdx()], names[bond.GetEndAtomIdx()]
        order = ORDERS.get(bond.GetBondTypeAsDouble(), "SING")
        loop.add_row([gemmi.cif.quote(it) for it in (component, *ends)] + [order])
