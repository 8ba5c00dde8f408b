"""What can be set for a docking screen with AutoDock Vina, and how much search a ligand gets."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator, model_validator

from shared.chemistry.box import Box
from shared.models.base import Frozen
from shared.models.batch import MOST_STRUCTURES

LONGEST_SDF = 200_000
MOST_EXHAUSTIVENESS = 64

# "auto": a rigid ligand gets AUTO_BASE independent searches, each torsion adds some, up to a limit.
# Vina's own default of 8 is met at two torsions.
AUTO_BASE, AUTO_PER_TORSION, AUTO_MOST = 4, 2, 32
AUTO_RULE = f"{AUTO_BASE} + {AUTO_PER_TORSION} × torsions, at most {AUTO_MOST}"

BOX_SOURCES = ("box", "box_from_ligand", "box_from_residues", "boxes")


def _in_one_sentence(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    # A union's own complaint is one per member, under paths that no one has written.
    try:
        return handler(value)
    except ValidationError:
        raise ValueError(f"give a whole number from 1 to {MOST_EXHAUSTIVENESS}, or auto") from None


Exhaustiveness = Annotated[
    Annotated[int, Field(ge=1, le=MOST_EXHAUSTIVENESS)] | Literal["auto"], WrapValidator(_in_one_sentence)
]


class VinaParameters(Frozen):
    """Settings of one docking screen; the names and defaults of the search are Vina's own."""

    box: Box | None = Field(
        None, description="The search box: centre and size in Å. Of several structures, one for all of them."
    )
    box_from_ligand: str | None = Field(
        None,
        max_length=LONGEST_SDF,
        description="SDF text of a ligand in the pocket: the box is put around all its poses.",
    )
    box_from_residues: tuple[Annotated[str, Field(max_length=20)], ...] | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Residues that line the pocket, such as A:123: "
        "the box is put around them, in each structure.",
    )
    boxes: tuple[Box, ...] | None = Field(
        None,
        min_length=1,
        max_length=MOST_STRUCTURES,
        description="One box for each structure, in their order, where the structures are not superposed.",
    )
    receptors: tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] | None = Field(
        None,
        min_length=1,
        max_length=MOST_STRUCTURES,
        description="Names of the structures, in their order; taken from the order where it names them.",
    )
    exhaustiveness: Exhaustiveness = Field(
        8,
        description="Search effort: independent searches per run. Time grows with it. "
        f"auto: {AUTO_RULE}, where torsions are the bonds of the ligand that can rotate.",
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
    protonation: Literal["as_given", "ph"] = Field(
        "as_given",
        description="as_given: charges as the SMILES has them. ph: the state that dominates at the pH, "
        "each site taken by itself (Dimorphite-DL).",
    )
    ph: float = Field(7.4, ge=0, le=14, description="The pH of the protonation; without effect on as_given.")
    tautomers: Literal["as_given", "canonical"] = Field(
        "as_given",
        description="canonical: one tautomer for all ways to draw a ligand, by RDKit's rules. "
        "It is a convention, not the tautomer that dominates in water.",
    )

    @model_validator(mode="after")
    def _exactly_one_box(self) -> Self:
        if sum(getattr(self, source) is not None for source in BOX_SOURCES) != 1:
            raise ValueError(f"give exactly one of {', '.join(BOX_SOURCES[:-1])} and {BOX_SOURCES[-1]}")
        return self

    @property
    def box_source(self) -> str:
        """The name of the field that places the box."""
        return next(source for source in BOX_SOURCES if getattr(self, source) is not None)


def searches(exhaustiveness: int | Literal["auto"], torsions: int) -> int:
    """
    The independent searches of one run on a ligand of that many torsions.

    A number is taken as it is. ``auto`` grows with the torsions alone, so that a ligand has the same
    in every screen.
    """
    if exhaustiveness != "auto":
        return exhaustiveness
    return min(AUTO_MOST, AUTO_BASE + AUTO_PER_TORSION * torsions)
