"""Every environment variable, typed, read once. Nothing else reads the environment."""

import os
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PYTHON = "OMTX_PYTHON_"
LONGEST_QUEUE_SECONDS = 6 * 86400.0
LOOPBACK, EVERYWHERE = ("127.0.0.1", "localhost"), ("0.0.0.0", "")
Prefix = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,20}$")]


def _pythons() -> dict[str, Path]:
    given = os.environ.items()
    return {name.removeprefix(PYTHON).lower(): Path(path) for name, path in given if name.startswith(PYTHON)}


class Settings(BaseSettings):
    """
    The variables are named ``OMTX_`` and the field in capitals. Times in seconds.

    Without ``fsync`` a power cut may lose what was committed; a killed process still loses nothing.

    ``engine = local-gpu`` is the pool, with models that need a GPU on this machine's. ``pythons``: under
    which Python a model runs, by ``OMTX_PYTHON_<MODEL>``; it has a worker of its own then.
    ``msa_server``: where multiple sequence alignments are searched, a server with the interface of
    ColabFold's; without one no alignment is. ``msa_mode``: with databases of environmental sequences, or
    without. ``msa_depth``: rows of an alignment at the most. ``msa_contact`` is told to the server: an
    address for its operators. ``msa_login``: ``USER:PASSWORD`` or ``HEADER=KEY``, here or as the secret
    ``msa-login``. ``msa_patience_seconds``: how long a search may take, waiting included.

    The second half concerns ``backend = gcp`` alone. Names of topics, subscriptions and secrets begin with
    ``prefix``. ``intents_seconds``: how old what an owner wants of a batch may be when a ligand moves.
    ``secrets``: where signing keys are kept, in ``home`` or in Secret Manager, by default where the backend
    is; with keys from a folder, only an emulator serves signed URLs. A run waits for six days at most, as
    its signed URLs end after seven.
    ``push_*``: whose tokens push deliveries, and the calls of the scheduler, carry.
    ``push_checked_by_platform``: the service is private, so Cloud Run has checked the token before, and
    has removed its signature. ``push_unsigned`` accepts deliveries without, which is for emulators on
    one machine. ``without_keys`` lets all act for ``owner`` until there is a key, for the same purpose.
    ``orders_url``: where our own functions reach ``submit``, which checks their identity; if empty, where
    users do.

    The last part concerns ``engine = modal`` alone. Its client's own names are kept, as whoever deploys
    uses them too. On the cloud backend the token may stand among the secrets instead. ``modal_seconds``:
    how long one answer of Modal is waited for. ``modal_insecure`` lets the token travel unencrypted,
    which is for a control plane on one machine.
    """

    model_config = SettingsConfigDict(env_prefix="OMTX_", frozen=True, hide_input_in_errors=True)

    backend: Literal["local", "gcp"] = "local"
    engine: Literal["pool", "modal", "local-gpu"] = "pool"
    pythons: Annotated[Mapping[str, Path], Field(default_factory=_pythons)]
    home: Path = Path(".omtx")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8765
    test_models: bool = False
    workers: Annotated[int, Field(ge=1, le=256)] = os.cpu_count() or 1
    owner: str = "local"
    fsync: bool = True
    log: Literal["text", "json"] | None = None
    lease_seconds: Annotated[float, Field(gt=0)] = 30.0
    quiet_seconds: Annotated[float, Field(gt=0)] = 15.0
    poll_seconds: Annotated[float, Field(gt=0)] = 20.0
    retry_seconds: Annotated[float, Field(ge=0)] = 2.0
    queue_allowance_seconds: Annotated[float, Field(gt=0)] = LONGEST_QUEUE_SECONDS
    aggregate_lease_seconds: Annotated[float, Field(gt=0)] = 600.0
    reconcile_seconds: Annotated[float, Field(gt=0)] = 2.0
    msa_server: str = ""
    msa_mode: Literal["env", "all"] = "env"
    msa_depth: Annotated[int, Field(ge=1, le=16_384)] = 8192
    msa_contact: str = ""
    msa_login: Annotated[SecretStr, Field(repr=False)] = SecretStr("")
    msa_login_in: Literal["environment", "secrets"] = "environment"
    msa_insecure: bool = False
    msa_poll_seconds: Annotated[float, Field(gt=0, le=30)] = 5.0
    msa_patience_seconds: Annotated[float, Field(gt=0)] = 3600.0
    most_run_seconds: Annotated[float, Field(gt=0)] = 7200.0
    most_body_bytes: Annotated[int, Field(gt=0)] = 32 * 1024 * 1024
    most_library_bytes: Annotated[int, Field(gt=0)] = 256 * 1024 * 1024
    most_library_rows: Annotated[int, Field(gt=0)] = 1_000_000

    project: str = ""
    database: str = "(default)"
    bucket: str = ""
    prefix: Prefix = "omtx"
    public_url: str = ""
    orders_url: Annotated[str, Field(pattern=r"^(https://[^/]+)?$")] = ""
    secrets: Literal["folder", "secret-manager"] | None = None
    intents_seconds: Annotated[float, Field(ge=0)] = 1.0
    push_audience: str = ""
    push_service_account: str = ""
    push_issuer: str = "https://accounts.google.com"
    push_keys_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    push_checked_by_platform: bool = False
    push_unsigned: bool = False
    without_keys: bool = False
    emulator: Annotated[str, Field(validation_alias="PUBSUB_EMULATOR_HOST")] = ""
    service: Annotated[str, Field(validation_alias="K_SERVICE")] = ""

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
        if self.backend == "gcp" and self.queue_allowance_seconds > LONGEST_QUEUE_SECONDS:
            raise ValueError(f"OMTX_QUEUE_ALLOWANCE_SECONDS is at most {LONGEST_QUEUE_SECONDS:.0f} with gcp")
        if self.secrets == "secret-manager" and not self.project:
            raise ValueError("OMTX_SECRETS=secret-manager needs OMTX_PROJECT")
        return self

    @model_validator(mode="after")
    def _modal_is_reached_safely(self) -> Self:
        if self.engine != "modal":
            return self
        servers = [url.strip() for url in self.modal_server_url.split(",") if url.strip()]
        safe = ("https://", "http://127.0.0.1:") if self.modal_insecure else ("https://",)
        if any(not url.startswith(safe) for url in servers):
            raise ValueError("MODAL_SERVER_URL must be https: the token travels with every request")
        named = bool(self.modal_token_id and self.modal_token_secret.get_secret_value())
        if self.backend == "local" and not named:
            raise ValueError("OMTX_ENGINE=modal needs MODAL_TOKEN_ID and MODAL_TOKEN_SECRET")
        return self

    @model_validator(mode="after")
    def _alignments_are_searched_safely(self) -> Self:
        safe = ("https://", "http://127.0.0.1:") if self.msa_insecure else ("https://",)
        if self.msa_server and not self.msa_server.startswith(safe):
            raise ValueError("OMTX_MSA_SERVER must be https: it is sent sequences, and maybe a login")
        return self

    @model_validator(mode="after")
    def _nothing_is_taken_on_trust(self) -> Self:
        for name in ("push_unsigned", "without_keys"):
            if getattr(self, name) and not self.emulator:
                said = "is for emulators, and PUBSUB_EMULATOR_HOST names none"
                raise ValueError(f"OMTX_{name.upper()} {said}")
        if self.push_checked_by_platform and not self.service:
            raise ValueError("OMTX_PUSH_CHECKED_BY_PLATFORM is for Cloud Run, which sets K_SERVICE")
        if self.push_audience and not self.push_service_account:
            raise ValueError("OMTX_PUSH_AUDIENCE needs OMTX_PUSH_SERVICE_ACCOUNT")
        return self

    @property
    def logs_json(self) -> bool:
        """Whether logs are for machines: unless told otherwise, in the cloud."""
        return (self.log or ("json" if self.backend == "gcp" else "text")) == "json"

    @property
    def keys_in(self) -> Literal["folder", "secret-manager"]:
        """Where signing keys are kept."""
        return self.secrets or ("folder" if self.backend == "local" else "secret-manager")

    @property
    def base_url(self) -> str:
        """Where the routes are reached: the public address, or the embedded server's own."""
        host = "127.0.0.1" if self.host in EVERYWHERE else self.host
        return self.public_url.rstrip("/") or f"http://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether the embedded server is reached from this machine alone."""
        return self.host in LOOPBACK

    @property
    def keyless(self) -> bool:
        """Whether requests need no key until there is a first one."""
        return self.is_loopback if self.backend == "local" else self.without_keys

    def seconds(self, name: str) -> timedelta:
        """The time span ``<name>_seconds``."""
        return timedelta(seconds=getattr(self, f"{name}_seconds"))


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
