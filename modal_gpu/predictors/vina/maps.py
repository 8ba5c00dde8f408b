"""Vina objects with their maps, kept from ligand to ligand as far as memory allows."""

import contextlib
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from vina import Vina

from shared.chemistry.box import Box

# Measured with Vina 1.2.7, all atom types: 180 MB for a box of 20 Å, 270 MB for 30 Å, 880 MB for 60 Å.
FIXED_MB, MB_PER_CUBIC_ANGSTROM = 155, 0.0034
# Eight structures in boxes of 20 Å, or the three runs of one structure in a box of 45 Å.
MOST_MB = 1600


class Grid(NamedTuple):
    """What the maps depend on. Vina fixes the seed when its object is made, so it is part of it."""

    receptor_pdbqt: str
    box: Box
    seed: int

    @property
    def megabytes(self) -> float:
        """What a Vina object with these maps takes in memory, about."""
        x, y, z = self.box.size
        return FIXED_MB + MB_PER_CUBIC_ANGSTROM * x * y * z


class Maps:
    """
    The Vina objects that were used last, together at most ``most_mb``; always at least the last one.

    Vina cannot hand maps from one object to another, and computing them takes a second or more: one
    object for each structure and run of the screen that this process works on. ``built`` counts how
    many had to be made.
    """

    def __init__(self, most_mb: float = MOST_MB) -> None:
        self._most_mb = most_mb
        self._kept: OrderedDict[Grid, Vina] = OrderedDict()
        self.built = 0

    def __contains__(self, grid: Grid) -> bool:
        return grid in self._kept

    @property
    def megabytes(self) -> float:
        """What is kept takes about this much."""
        return sum(grid.megabytes for grid in self._kept)

    def engine(self, grid: Grid) -> Vina:
        """The object for this grid, with maps of all atom types; made if it is not there."""
        if grid not in self._kept:
            self._make_room(grid.megabytes)
            self._kept[grid] = _build(grid)
            self.built += 1
        self._kept.move_to_end(grid)
        return self._kept[grid]

    def drop(self, grid: Grid) -> None:
        """Forget one object: an error may have left it half set up."""
        self._kept.pop(grid, None)

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
        self.built = 0

    def _make_room(self, megabytes: float) -> None:
        while self._kept and self.megabytes + megabytes > self._most_mb:
            self._kept.popitem(last=False)


def _build(grid: Grid) -> Vina:
    engine = Vina(sf_name="vina", cpu=1, seed=grid.seed, verbosity=1)
    with _as_file(grid.receptor_pdbqt) as path:
        engine.set_receptor(str(path))
    engine.compute_vina_maps(center=list(grid.box.center), box_size=list(grid.box.size))
    return engine


@contextlib.contextmanager
def _as_file(pdbqt: str) -> Iterator[Path]:
    # Vina reads receptors from files only.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "receptor.pdbqt"
        path.write_text(pdbqt)
        yield path
