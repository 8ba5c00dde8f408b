"""How much is spent on one ligand."""

from functools import cache
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ChemistrySettings(BaseSettings):
    """
    The variables are named ``OMTX_`` and the field in capitals.

    ``ligand_seconds``: seconds of the processor for a ligand of many rings; what takes longer cannot be used.
    ``ligand_mebibytes``: the memory that it may take meanwhile.
    """

    model_config = SettingsConfigDict(env_prefix="OMTX_", frozen=True, hide_input_in_errors=True)

    ligand_seconds: Annotated[float, Field(ge=0.1, le=600)] = 10.0
    ligand_mebibytes: Annotated[int, Field(ge=64, le=65_536)] = 512


@cache
def chemistry() -> ChemistrySettings:
    """The settings of this process."""
    return ChemistrySettings()
