"""What is judged of a ligand in a predicted structure: where it lies, and whether it is possible."""

from collections.abc import Sequence
from dataclasses import dataclass

import gemmi
import numpy as np
from pydantic import JsonValue
from rdkit import Chem

from modal_gpu.predictors import verdicts
from modal_gpu.predictors.verdicts import Placement, Wanted, placement
from shared.chemistry.pose_checks import pose_checks
from shared.chemistry.verdicts import all_pass, failed
from shared.models.work import MetricValue

NUMBERING = "chains as in structure.cif, where A is the target; residues of a chain count from 1"


@dataclass(frozen=True)
class Judged:
    """The ligand of the structure that is reported."""

    placement: Placement
    checks: dict[str, bool | None]


def judged(pose: Chem.Mol, polymers: Sequence[gemmi.Chain], wanted: Wanted, *, sound: bool) -> Judged:
    """``pose`` has the bonds that were asked for; ``sound``: the distances are those of these bonds."""
    places = np.array(pose.GetConformer().GetPositions(), dtype=float)
    atoms = [atom for chain in polymers for it in chain for atom in it if not atom.is_hydrogen()]
    protein = np.array([atom.pos.tolist() for atom in atoms], dtype=float).reshape(-1, 3)
    checks = pose_checks(pose, protein, [atom.element.name for atom in atoms], sound=sound)
    return Judged(placement(places, verdicts.residues(polymers), wanted), checks)


def metrics(found: Judged | None) -> dict[str, MetricValue]:
    """The catalogue's figures, null without a ligand."""
    checks = found.checks if found else {}
    return {
        **verdicts.metrics(found.placement if found else None),
        "pose_valid": all_pass(checks) if found else None,
        "checks_failed": len(failed(checks)) if found else None,
        "failed_checks": "; ".join(failed(checks)) if found else None,
    }


def details(found: Judged) -> dict[str, JsonValue]:
    """What stands behind them."""
    return {
        "pose_checks": dict(found.checks),
        "pocket": verdicts.details(found.placement, numbering=NUMBERING),
    }
