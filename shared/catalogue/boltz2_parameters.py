"""Parameters of Boltz-2 that users know."""

from pydantic import Field

from shared.models.base import Frozen


class Boltz2Parameters(Frozen):
    """How a complex was folded; the defaults are those of the earlier system."""

    use_msa: bool = Field(True, description="Search a multiple sequence alignment for the protein.")
    use_potentials: bool = Field(
        False, description="Steer the structure towards physically sensible geometry while sampling."
    )
