"""The figures of a molecule that filters judge, as RDKit computes them."""

from collections.abc import Callable, Mapping

from rdkit import Chem
from rdkit.Chem import QED, Descriptors, rdMolDescriptors

Describe = Callable[[Chem.Mol], float]

DESCRIPTORS: Mapping[str, tuple[str, Describe]] = {
    "mol_wt": ("MW", Descriptors.MolWt),  # type: ignore[attr-defined]
    "mol_logp": ("logP", lambda molecule: rdMolDescriptors.CalcCrippenDescriptors(molecule)[0]),
    "num_h_donors": ("H-bond donors", rdMolDescriptors.CalcNumHBD),
    "num_h_acceptors": ("H-bond acceptors", rdMolDescriptors.CalcNumHBA),
    "num_rotatable_bonds": ("rotatable bonds", rdMolDescriptors.CalcNumRotatableBonds),
    "num_rings": ("rings", rdMolDescriptors.CalcNumRings),
    "num_aromatic_rings": ("aromatic rings", rdMolDescriptors.CalcNumAromaticRings),
    "num_heteroatoms": ("heteroatoms", rdMolDescriptors.CalcNumHeteroatoms),
    "fraction_csp3": ("fraction Csp3", rdMolDescriptors.CalcFractionCSP3),
    "tpsa": ("TPSA", rdMolDescriptors.CalcTPSA),
    "num_heavy_atoms": ("heavy atoms", lambda molecule: molecule.GetNumHeavyAtoms()),
    "formal_charge": ("formal charge", Chem.GetFormalCharge),
    "qed": ("QED", QED.qed),
}
"""By the name that an order uses: what a reason calls it, and the function. MW in g/mol, TPSA in Å²."""

RULE_OF_FIVE: Mapping[str, tuple[str, Describe]] = {
    "max_mw": DESCRIPTORS["mol_wt"],
    "max_logp": DESCRIPTORS["mol_logp"],
    "max_hbd": ("NH and OH", rdMolDescriptors.CalcNumLipinskiHBD),
    "max_hba": ("N and O", rdMolDescriptors.CalcNumLipinskiHBA),
}
"""Lipinski counts hydrogens on N and O as donors, and N and O as acceptors, whatever their surroundings."""


def outside(label: str, value: float, least: float | None, most: float | None) -> str | None:
    """How a value misses its range, ``logP 6.2 above 5``; None where it does not."""
    if least is not None and value < least:
        return f"{label} {_figure(value, least)} below {least:.10g}"
    if most is not None and value > most:
        return f"{label} {_figure(value, most)} above {most:.10g}"
    return None


def _figure(value: float, bound: float) -> str:
    """With two decimals, or as many as it takes to tell it from its bound."""
    short = round(value, 2)
    return f"{short:.10g}" if short != round(bound, 2) else f"{value:.10g}"
