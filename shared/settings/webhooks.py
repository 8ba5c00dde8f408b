"""What concerns the webhooks of users."""

from typing import Self

from pydantic import model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import settings


class WebhookSettings(BaseSettings):
    """
    The variables are named ``OMTX_WEBHOOK_`` and the field in capitals.

    ``loopback``: an endpoint may be on this machine, and spoken to without TLS there. For development.
    """

    model_config = SettingsConfigDict(env_prefix="OMTX_WEBHOOK_", frozen=True, hide_input_in_errors=True)

    loopback: bool = False

    @model_validator(mode="after")
    def _only_where_nobody_else_is(self) -> Self:
        if self.loopback and settings().backend == "gcp" and not settings().emulator:
            raise ValueError("OMTX_WEBHOOK_LOOPBACK is for a machine of one's own, not for the cloud")
        return self
