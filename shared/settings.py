"""Every environment variable, typed, read once. Nothing else reads the environment."""

import os
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Prefix = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,20}$")]


class Settings(BaseSettings):
    """
    The variables are named ``OMTX_`` and the field in capitals. Times in seconds.

    Without ``fsync`` a power cut may lose what was committed; a killed process still loses nothing.

    The second half concerns ``backend = gcp`` alone. Names of topics, subscriptions and secrets begin with
    ``prefix``. ``intents_seconds``: how old what an owner wants of a batch may be when a ligand moves.
    ``push_*``: whose tokens push deliveries carry; ``push_unsigned`` accepts them without, which is
    for emulators on one machine.

    The last part concerns ``engine = modal`` alone. Its client's own names are kept, as whoever deploys
    uses them too. On the cloud backend the token may stand among the secrets instead. ``modal_seconds``:
    how long one answer of Modal is waited for. ``modal_insecure`` lets the token travel unencrypted,
    which is for a control plane on one machine.
    """

    model_config = SettingsConfigDict(env_prefix="OMTX_", frozen=True)

    backend: Literal["local", "gcp"] = "local"
    engine: Literal["pool", "modal"] = "pool"
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

    project: str = ""
    database: str = "(default)"
    bucket: str = ""
    prefix: Prefix = "omtx"
    public_url: str = ""
    intents_seconds: Annotated[float, Field(ge=0)] = 1.0
    push_audience: str = ""
    push_service_account: str = ""
    push_issuer: str = "https://accounts.google.com"
    push_keys_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    push_unsigned: bool = False

    modal_token_id: Annotated[str, Field(validation_alias="MODAL_TOKEN_ID")] = ""
    modal_token_secret: Annotated[SecretStr, Field(validation_alias="MODAL_TOKEN_SECRET")] = SecretStr("")
    modal_environment: Annotated[str | None, Field(validation_alias="MODAL_ENVIRONMENT")] = None
    modal_server_url: Annotated[str, Field(validation_alias="MODAL_SERVER_URL")] = ""
    modal_insecure: bool = False
    modal_seconds: Annotated[float, Field(gt=0)] = 20.0

    @model_validator(mode="after")
    def _cloud_is_named(self) -> Self:
        needed = ["project", "bucket", "public_url"]
        if not self.push_unsigned:
            needed += ["push_audience", "push_service_account"]
        missing = [f"OMTX_{name.upper()}" for name in needed if not getattr(self, name)]
        if self.backend == "gcp" and missing:
            raise ValueError(f"OMTX_BACKEND=gcp needs {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def _modal_is_reached_safely(self) -> Self:
        if self.engine != "modal":
            return self
        servers = [url.strip() for url in self.modal_server_url.split(",") if url.strip()]
        if not self.modal_insecure and any(not url.startswith("https://") for url in servers):
            raise ValueError("MODAL_SERVER_URL must be https: the token travels with every request")
        named = bool(self.modal_token_id and self.modal_token_secret.get_secret_value())
        if self.backend == "local" and not named:
            raise ValueError("OMTX_ENGINE=modal needs MODAL_TOKEN_ID and MODAL_TOKEN_SECRET")
        return self

    @property
    def base_url(self) -> str:
        """Where the routes are reached: the public address, or the embedded server's own."""
        return self.public_url.rstrip("/") or f"http://127.0.0.1:{self.port}"

    def seconds(self, name: str) -> timedelta:
        """The time span ``<name>_seconds``."""
        return timedelta(seconds=getattr(self, f"{name}_seconds"))


class ContainerSettings(BaseSettings):
    """What a container at a GPU provider is given: the installation's prefix, and the key of its webhook."""

    model_config = SettingsConfigDict(env_prefix="OMTX_", frozen=True)

    prefix: Prefix = "omtx"
    webhook_key_id: str = ""
    webhook_key: SecretStr = SecretStr("")


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
