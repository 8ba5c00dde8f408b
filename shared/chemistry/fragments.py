"""The parts of a salt or a mixture."""

from rdkit import Chem
from rdkit.Chem import rdMolDescriptors


def by_size(whole: Chem.Mol) -> list[Chem.Mol]:
    """The fragments, most heavy atoms first, then heaviest, then by SMILES, so that the choice is fixed."""
    return sorted(
        Chem.GetMolFrags(whole, asMols=True),
        key=lambda part: (
            -part.GetNumHeavyAtoms(),
            -rdMolDescriptors.CalcExactMolWt(part),
            Chem.MolToSmiles(part),
        ),
    )
