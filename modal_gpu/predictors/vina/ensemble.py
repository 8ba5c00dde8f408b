"""One ligand on several structures of its target: each is docked to, the best score counts."""

from collections.abc import Sequence
from dataclasses import dataclass

from modal_gpu.predictors.vina.dock import MAPS, Run, Search, dock
from modal_gpu.predictors.vina.maps import Grid
from modal_gpu.predictors.vina.receptor import Receptor
from shared.chemistry.box import Box
from shared.chemistry.pocket import Residues


@dataclass(frozen=True)
class Site:
    """
    A structure of the target, prepared, and where on it is docked; ``number`` counts from 1.

    ``wanted`` is what the pose is judged by: the residues that the box was put around, or the box.
    ``residues`` are those of the receptor as it is docked to.
    """

    number: int
    name: str
    receptor: Receptor
    box: Box
    wanted: Residues | Box
    residues: Residues


def dock_everywhere(sites: Sequence[Site], ligand_pdbqt: str, search: Search) -> tuple[Run, ...]:
    """
    The same run on every site, in the order of the sites.

    Raises:
        DockingFailed: on any of them; a best of fewer structures would not compare with its neighbours.
    """
    # Where the maps are at hand first: going round in one order would find each just thrown out.
    order = sorted(sites, key=lambda site: Grid(site.receptor.pdbqt, site.box, search.seed) not in MAPS)
    runs = {site.number: dock(site.receptor.pdbqt, ligand_pdbqt, site.box, search) for site in order}
    return tuple(runs[site.number] for site in sites)


def strongest(affinities: Sequence[float]) -> int:
    """The place of the lowest affinity (kcal/mol), the first of equal ones."""
    return min(range(len(affinities)), key=affinities.__getitem__)


def spread(affinities: Sequence[float]) -> float | None:
    """Weakest minus strongest affinity over the structures, kcal/mol; None for a single structure."""
    return round(max(affinities) - min(affinities), 3) if len(affinities) > 1 else None
