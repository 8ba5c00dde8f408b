"""The environment of a container at a GPU provider, and of the programs it runs."""

import os
from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import Prefix


class ContainerSettings(BaseSettings):
    """What a container at a GPU provider is given: the installation's prefix, and the key of its webhook."""

    model_config = SettingsConfigDict(env_prefix="OMTX_", frozen=True, hide_input_in_errors=True)

    prefix: Prefix = "omtx"
    webhook_key_id: str = ""
    webhook_key: SecretStr = SecretStr("")
    weights: Path = Path("/weights")
    """The folder from which a model loads what it has learnt."""
    accelerator: Literal["gpu", "cpu"] = "gpu"
    """What a model that needs a GPU computes on; processors are for tests, and have to be asked for."""


class RfantibodySettings(BaseSettings):
    """Where RFantibody lies on the machine that runs it: its checkout with its own ``.venv``, its weights."""

    model_config = SettingsConfigDict(env_prefix="OMTX_RFANTIBODY_", frozen=True, hide_input_in_errors=True)

    source: Path = Path("/opt/rfantibody")
    weights: Path = Path("/weights")


def environment_for_programs() -> dict[str, str]:
    """The environment of this process for programs of others: without our settings, keys and Python."""
    ours = ("OMTX_", "MODAL_", "PYTHON", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
