"""What can be set for a docking run with AutoDock Vina, and where its box comes from."""

from typing import Annotated, Self

import gemmi
from pydantic import Field, model_validator

from shared.chemistry.box import Box, box_from_ligand, box_from_residues, box_touches
from shared.models.base import Frozen

LONGEST_SDF = 200_000


class VinaParameters(Frozen):
    """Settings of one docking screen; the names and defaults of the search are Vina's own."""

    box: Box | None = Field(None, description="The search box: centre and size in Å.")
    box_from_ligand: str | None = Field(
        None,
        max_length=LONGEST_SDF,
        description="SDF text of a ligand in the pocket: the box is put around all its poses.",
    )
    box_from_residues: tuple[Annotated[str, Field(max_length=20)], ...] | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Residues that line the pocket, such as A:123: the box is put around them.",
    )
    exhaustiveness: int = Field(
        8, ge=1, le=64, description="Search effort: independent searches per run. Time grows with it."
    )
    n_poses: int = Field(9, ge=1, le=20, description="At most this many poses per ligand.")
    energy_range: float = Field(
        3.0, gt=0, le=20, description="Poses up to this much weaker than the best are kept, kcal/mol."
    )
    min_rmsd: float = Field(1.0, gt=0, le=10, description="Kept poses differ by at least this RMSD, Å.")
    runs: int = Field(
        3,
        ge=1,
        le=10,
        description="Independent runs for the convergence figure; the first alone gives affinity and poses.",
    )

    @model_validator(mode="after")
    def _exactly_one_box(self) -> Self:
        given = [self.box, self.box_from_ligand, self.box_from_residues]
        if sum(source is not None for source in given) != 1:
            raise ValueError("give exactly one of box, box_from_ligand and box_from_residues")
        return self


def docking_box(parameters: VinaParameters, structure: gemmi.Structure) -> Box:
    """
    The box the parameters stand for on this protein.

    Raises:
        ValueError: it cannot be made, or no protein atom lies in it (Vina would give numbers anyway).
    """
    box = _box(parameters, structure)
    if not box_touches(box, structure):
        raise ValueError("The box does not touch the protein: no protein atom lies in it.")
    return box


def _box(parameters: VinaParameters, structure: gemmi.Structure) -> Box:
    if parameters.box is not None:
        return parameters.box
    if parameters.box_from_ligand is not None:
        return box_from_ligand(parameters.box_from_ligand)
    return box_from_residues(structure, parameters.box_from_residues or ())
