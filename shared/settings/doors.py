"""The doors of the api that other programs know, and the one that only tests may open."""

from functools import cache
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import settings


class DoorSettings(BaseSettings):
    """
    The variables are named ``OMTX_`` and the field in capitals. Times in seconds.

    ``nim_wait_seconds``: how long a request of a NIM client is kept open; ``nim_waiting``: how many are, in
    one process. ``simulate_completion`` lets an owner give a ligand a stand-in result, which is for tests:
    with ``backend = gcp`` only emulators allow it.
    """

    model_config = SettingsConfigDict(env_prefix="OMTX_", frozen=True, hide_input_in_errors=True)

    nim_wait_seconds: Annotated[float, Field(gt=0, le=1740)] = 1740.0
    nim_waiting: Annotated[int, Field(ge=1, le=1000)] = 16
    simulate_completion: bool = False

    @model_validator(mode="after")
    def _nothing_is_simulated_in_production(self) -> Self:
        if self.simulate_completion and settings().backend == "gcp" and not settings().emulator:
            raise ValueError("OMTX_SIMULATE_COMPLETION is for tests, and OMTX_BACKEND=gcp is none")
        return self


@cache
def doors() -> DoorSettings:
    """The settings of this process."""
    return DoorSettings()
