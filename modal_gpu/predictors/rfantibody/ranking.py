"""Which designs are best, by the criteria of the authors of RFantibody."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from modal_gpu.predictors.rfantibody.reader import Entry

MOST_PAE, MOST_RMSD = 10.0, 2.0
"""Å; "minimal filtering criteria" of RFantibody's README: RF2 pAE, and RMSD of design and prediction."""

# The README does not say superposed on what. On the target, it asks whether the antibody is predicted where
# it was designed; of the two forms of an earlier program, an author called this the more stringent one
# (nrbennet/dl_binder_design, issue 58).
RMSD = "target_aligned_antibody_rmsd"


BEHIND = 100.0
"""Å; more than RF2 can expect of any pair, whose errors end near 30."""


@dataclass(frozen=True)
class Design:
    """One designed sequence with its prediction; ``name`` is unique within the campaign."""

    name: str
    predicted: Entry
    mindist: float

    @property
    def scores(self) -> Mapping[str, float | None]:
        """The scores of RF2; None where it has none, as of the light chain of a nanobody."""
        return {
            name: value if math.isfinite(value) else None
            for name, value in sorted(self.predicted.scores.items())
        }

    @property
    def passes(self) -> bool:
        """Whether it is within the authors' criteria; not if it cannot be told."""
        rmsd = self.scores.get(RMSD)
        return self.interaction_pae < MOST_PAE and rmsd is not None and rmsd < MOST_RMSD

    @property
    def interaction_pae(self) -> float:
        """Å; lower is better."""
        return self.predicted.scores["interaction_pae"]

    @property
    def ranking_pae(self) -> float:
        """Å; the figure that ranks jobs of a campaign as ``ranked`` does designs: those that pass first."""
        return self.interaction_pae + (0.0 if self.passes else BEHIND)


def ranked(designs: Iterable[Design]) -> list[Design]:
    """Those that pass first, then by interaction PAE, then by RMSD, then by name."""

    def key(design: Design) -> tuple[bool, float, float, str]:
        rmsd = design.scores.get(RMSD)
        return not design.passes, design.interaction_pae, math.inf if rmsd is None else rmsd, design.name

    return sorted(designs, key=key)
