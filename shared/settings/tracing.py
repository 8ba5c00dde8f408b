"""Where traces are sent: the variables that OpenTelemetry defines, as far as we read them ourselves."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

GOOGLE = "telemetry.googleapis.com"
_ENDPOINTS = AliasChoices("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class TracingSettings(BaseSettings):
    """
    Without an ``endpoint`` nothing is sent, and OpenTelemetry is not imported.

    All else that its specification defines (sampler, headers, timeouts, resource) its library reads itself.
    """

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True)

    endpoint: Annotated[str, Field(validation_alias=_ENDPOINTS)] = ""
    disabled: Annotated[bool, Field(validation_alias="OTEL_SDK_DISABLED")] = False
    service: Annotated[str, Field(validation_alias=AliasChoices("OTEL_SERVICE_NAME", "K_SERVICE"))] = "omtx"

    @property
    def wanted(self) -> bool:
        """Whether spans are recorded."""
        return bool(self.endpoint) and not self.disabled

    @property
    def is_google(self) -> bool:
        """Whether it is Google's own, which wants the credentials of whoever sends."""
        return urlsplit(self.endpoint).hostname == GOOGLE
