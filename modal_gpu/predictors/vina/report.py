"""What one docked ligand's results.json says: the catalogue's figures, and the details behind them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue
from rdkit import Chem

from modal_gpu.predictors import verdicts
from modal_gpu.predictors.verdicts import Placement
from modal_gpu.predictors.vina.dock import Run
from modal_gpu.predictors.vina.ensemble import Site, spread
from modal_gpu.predictors.vina.interactions import Interaction, as_text
from modal_gpu.predictors.vina.ligand import PreparedLigand
from modal_gpu.predictors.vina.pose import docked_smiles, rmsd
from shared.chemistry.box import Box
from shared.chemistry.verdicts import all_pass, failed
from shared.models.work import MetricValue

# Closer than this (Å) is the same binding mode: the usual criterion for a redocking success.
SAME_MODE = 2.0
NUMBERING = "chains and residues as the author of the given structure names and numbers them"


@dataclass(frozen=True)
class Docked:
    """
    All that was computed for one ligand.

    ``everywhere`` has run 1 on each of the ``sites``; ``site`` is the one with the best score, which
    all else concerns. ``runs`` start with run 1; ``poses`` are those of run 1, best first; ``tops``
    the best pose of each run; ``checks``, ``interactions`` and ``placement`` concern the best pose of run 1.
    """

    ligand: PreparedLigand
    sites: tuple[Site, ...]
    everywhere: tuple[Run, ...]
    site: Site
    exhaustiveness: int
    exhaustiveness_rule: str
    runs: tuple[Run, ...]
    poses: tuple[Chem.Mol, ...]
    tops: tuple[Chem.Mol, ...]
    checks: dict[str, bool | None]
    interactions: tuple[Interaction, ...]
    placement: Placement

    @property
    def affinity(self) -> float:
        """Score of the best pose of run 1 in kcal/mol; lower is stronger."""
        return self.runs[0].poses[0].affinity


def metrics(docked: Docked) -> dict[str, MetricValue]:
    """The figures of the catalogue, null where there is no value."""
    heavy_atoms = docked.ligand.heavy_atoms
    return {
        "affinity": docked.affinity,
        "confidence": confidence(_distances(docked)),
        "ligand_efficiency": round(-docked.affinity / heavy_atoms, 4),
        "pose_gap": _pose_gap(docked),
        "receptor": docked.site.name,
        "receptor_spread": spread([run.poses[0].affinity for run in docked.everywhere]),
        "n_poses": len(docked.poses),
        "pose_valid": all_pass(docked.checks),
        "checks_failed": len(failed(docked.checks)),
        "failed_checks": "; ".join(failed(docked.checks)),
        "interactions": as_text(docked.interactions),
        **verdicts.metrics(docked.placement),
        "heavy_atoms": heavy_atoms,
        "formal_charge": docked.ligand.state.formal_charge,
        "torsions": docked.ligand.torsions,
        "exhaustiveness": docked.exhaustiveness,
    }


def confidence(distances: Sequence[float]) -> float | None:
    """
    Share of the runs whose top pose lies within 2 Å of the reported pose; null for a single run.

    ``distances`` are RMSDs in Å, run 1 first. Run 1 is the reported pose, so R runs give 1/R to 1.
    It measures convergence of the search, not the probability that the pose is right.
    """
    if len(distances) < 2:
        return None
    return round(sum(distance <= SAME_MODE for distance in distances) / len(distances), 4)


def pose_gap(affinities: Sequence[float], distances: Sequence[float]) -> float | None:
    """
    How much weaker (kcal/mol) the best pose of another binding mode is; null if only one mode was kept.

    Both sequences run over the poses of run 1, best first; ``distances`` (Å) are to the first.
    """
    others = [energy for energy, away in zip(affinities, distances, strict=True) if away > SAME_MODE]
    return round(min(others) - affinities[0], 3) if others else None


def details(docked: Docked) -> dict[str, JsonValue]:
    """What stands behind the figures: poses, runs, checks, and how ligand and receptor were prepared."""
    state, receptor = docked.ligand.state, docked.site.receptor
    return {
        "poses": _poses(docked),
        "runs": _runs(docked),
        "exhaustiveness": {"value": docked.exhaustiveness, "rule": docked.exhaustiveness_rule},
        "pose_checks": dict(docked.checks),
        "interactions": _interactions(docked),
        "pocket": verdicts.details(docked.placement, numbering=NUMBERING),
        "protonation": f"ligand {state.protonation}; {receptor.protonation}",
        "tautomer": state.tautomer,
        "docked_smiles": docked_smiles(docked.poses[0]),
        "fragments_removed": list(docked.ligand.removed_fragments),
        "receptor": {"number": docked.site.number, "name": docked.site.name},
        "by_receptor": _by_receptor(docked),
        "receptor_changes": list(receptor.changes),
        "box": _box(docked.site.box),
    }


def _poses(docked: Docked) -> list[JsonValue]:
    return [
        {
            "pose": number,
            "affinity": pose.affinity,
            "rmsd_lb": pose.rmsd_lb,
            "rmsd_ub": pose.rmsd_ub,
            "run": 1,
        }
        for number, pose in enumerate(docked.runs[0].poses, start=1)
    ]


def _runs(docked: Docked) -> list[JsonValue]:
    return [
        {"seed": run.seed, "affinity": run.poses[0].affinity, "rmsd_to_best": round(distance, 3)}
        for run, distance in zip(docked.runs, _distances(docked), strict=True)
    ]


def _interactions(docked: Docked) -> list[JsonValue]:
    return [
        {"residue": found.residue, "type": found.kind, "distance": found.distance}
        for found in docked.interactions
    ]


def _by_receptor(docked: Docked) -> list[JsonValue]:
    return [
        {
            "number": site.number,
            "name": site.name,
            "affinity": run.poses[0].affinity,
            "n_poses": len(run.poses),
            "box": _box(site.box),
            "protonation": site.receptor.protonation,
            "changes": list(site.receptor.changes),
        }
        for site, run in zip(docked.sites, docked.everywhere, strict=True)
    ]


def _box(box: Box) -> JsonValue:
    return box.model_dump(mode="json")


def _distances(docked: Docked) -> list[float]:
    return [rmsd(top, docked.poses[0]) for top in docked.tops]


def _pose_gap(docked: Docked) -> float | None:
    affinities = [pose.affinity for pose in docked.runs[0].poses]
    return pose_gap(affinities, [rmsd(pose, docked.poses[0]) for pose in docked.poses])
