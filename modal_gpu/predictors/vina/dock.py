"""One run of the Vina search, and the same run as files for Vina's own command line."""

import re
from dataclasses import dataclass

from modal_gpu.predictors.vina.maps import Grid, Maps
from modal_gpu.recording import stage
from shared.chemistry.box import Box

MAPS = Maps()

RESULT = re.compile(r"^REMARK VINA RESULT:\s+(\S+)\s+(\S+)\s+(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Search:
    """What fixes a run besides receptor, ligand and box: with the same values it gives the same poses."""

    seed: int
    exhaustiveness: int
    n_poses: int
    energy_range: float
    min_rmsd: float


@dataclass(frozen=True)
class ScoredPose:
    """Affinity in kcal/mol; RMSD to the best pose in Å, Vina's lower and upper bound (heavy atoms)."""

    affinity: float
    rmsd_lb: float
    rmsd_ub: float


@dataclass(frozen=True)
class Run:
    """The poses of one run, best first: their scores, and their coordinates as PDBQT."""

    seed: int
    poses: tuple[ScoredPose, ...]
    pdbqt: str


class DockingFailed(Exception):
    """Vina gave an error or no pose."""


def dock(receptor_pdbqt: str, ligand_pdbqt: str, box: Box, search: Search) -> Run:
    """
    One run on one core; the same arguments always give the same poses.

    Raises:
        DockingFailed: Vina refused, or found no pose.
    """
    grid = Grid(receptor_pdbqt, box, search.seed)
    try:
        text = _search(grid, ligand_pdbqt, search)
    except (RuntimeError, ValueError, TypeError) as error:
        MAPS.drop(grid)
        raise DockingFailed(f"Vina failed: {' '.join(str(error).split())}") from error
    poses = tuple(ScoredPose(*map(float, numbers)) for numbers in RESULT.findall(text))
    if not poses:
        raise DockingFailed("Vina found no pose in the box.")
    return Run(seed=search.seed, poses=poses, pdbqt=text)


def _search(grid: Grid, ligand_pdbqt: str, search: Search) -> str:
    with stage("maps, made or at hand"):
        engine = MAPS.engine(grid)
    engine.set_ligand_from_string(ligand_pdbqt)
    with stage(f"search with seed {search.seed}"):
        engine.dock(exhaustiveness=search.exhaustiveness, n_poses=search.n_poses, min_rmsd=search.min_rmsd)
    return str(engine.poses(n_poses=search.n_poses, energy_range=search.energy_range))


def command_line_files(receptor_pdbqt: str, ligand_pdbqt: str, box: Box, search: Search) -> dict[str, str]:
    """
    The files with which ``vina --config vina.txt`` repeats a run: by name, to be put in one folder.

    The command writes its poses to ``poses.pdbqt`` there.
    """
    settings = {
        "receptor": "receptor.pdbqt",
        "ligand": "ligand.pdbqt",
        "out": "poses.pdbqt",
        **{f"center_{axis}": value for axis, value in zip("xyz", box.center, strict=True)},
        **{f"size_{axis}": value for axis, value in zip("xyz", box.size, strict=True)},
        "seed": search.seed,
        "cpu": 1,
        "exhaustiveness": search.exhaustiveness,
        "num_modes": search.n_poses,
        "energy_range": search.energy_range,
        "min_rmsd": search.min_rmsd,
    }
    config = "".join(f"{name} = {value}\n" for name, value in settings.items())
    return {"receptor.pdbqt": receptor_pdbqt, "ligand.pdbqt": ligand_pdbqt, "vina.txt": config}
