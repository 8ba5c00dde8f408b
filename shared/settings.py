"""Every environment variable, typed, read once. Nothing else reads the environment."""

import os
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """
    The variables are named ``OMTX_`` and the field in capitals. Times in seconds.

    Without ``fsync`` a power cut may lose what was committed; a killed process still loses nothing.
    """

    model_config = SettingsConfigDict(env_prefix="OMTX_", frozen=True)

    backend: Literal["local"] = "local"
    home: Path = Path(".omtx")
    port: Annotated[int, Field(ge=0, le=65535)] = 8765
    test_models: bool = False
    workers: Annotated[int, Field(ge=1, le=256)] = os.cpu_count() or 1
    owner: str = "local"
    fsync: bool = True
    lease_seconds: Annotated[float, Field(gt=0)] = 30.0
    quiet_seconds: Annotated[float, Field(gt=0)] = 15.0
    poll_seconds: Annotated[float, Field(gt=0)] = 20.0
    retry_seconds: Annotated[float, Field(ge=0)] = 2.0
    queue_allowance_seconds: Annotated[float, Field(gt=0)] = 7 * 86400.0
    aggregate_lease_seconds: Annotated[float, Field(gt=0)] = 600.0
    reconcile_seconds: Annotated[float, Field(gt=0)] = 2.0
    most_run_seconds: Annotated[float, Field(gt=0)] = 7200.0
    most_body_bytes: Annotated[int, Field(gt=0)] = 32 * 1024 * 1024
    most_library_bytes: Annotated[int, Field(gt=0)] = 256 * 1024 * 1024
    most_library_rows: Annotated[int, Field(gt=0)] = 1_000_000

    @property
    def base_url(self) -> str:
        """Where the embedded server is reached by its own workers."""
        return f"http://127.0.0.1:{self.port}"

    def seconds(self, name: str) -> timedelta:
        """The time span ``<name>_seconds``."""
        return timedelta(seconds=getattr(self, f"{name}_seconds"))


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
