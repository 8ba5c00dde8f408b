"""Is a pose physically possible? The checks of PoseBusters (Buttenschoen et al. 2024), one by one."""

from functools import cache

import numpy as np
from posebusters import PoseBusters
from rdkit import Chem

REACH = 10.0


def pose_checks(pose: Chem.Mol, protein: Chem.Mol) -> dict[str, bool | None]:
    """
    Every check of PoseBusters' ``dock`` set: passed, failed, or None where it could not be computed.

    ``pose`` has hydrogens; both are in the same frame (Å).
    """
    table = busters().bust([pose], None, around(protein, pose))
    (row,) = table.astype(object).where(table.notna(), None).to_dict("records")
    return {str(name): None if value is None else bool(value) for name, value in row.items()}


def around(protein: Chem.Mol, pose: Chem.Mol) -> Chem.Mol:
    """
    The atoms of the protein that can matter to a check: those within 10 Å of the pose.

    The checks look at distances up to 6 Å; on the rest of a protein they spend most of their time. All
    of it, if none is near: then the checks must find that the pose touches nothing.
    """
    places, ligand = protein.GetConformer().GetPositions(), pose.GetConformer().GetPositions()
    near = (np.linalg.norm(places[:, None] - ligand[None], axis=2) <= REACH).any(axis=1)
    if not near.any():
        return protein
    part = Chem.RWMol(protein)
    part.BeginBatchEdit()
    for index in np.flatnonzero(~near):
        part.RemoveAtom(int(index))
    part.CommitBatchEdit()
    return part.GetMol()


@cache
def busters() -> PoseBusters:
    """PoseBusters with its checks for docking."""
    return PoseBusters(config="dock")
