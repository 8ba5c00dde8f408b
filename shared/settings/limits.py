"""How much callers may."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.models.limits import TIERS, Quotas, Rates, Tier


class LimitSettings(BaseSettings):
    """
    ``OMTX_LIMITS_ENABLED``: 1 limits everybody, 0 nobody; unset, all but the one user of a loopback server
    who needs no key.

    ``OMTX_LIMITS_RATES``, ``OMTX_LIMITS_QUOTAS``: JSON, by tier and name, in place of single numbers of the
    table in ``shared/models/limits.py``; a name of a tier that the table lacks makes a new one.
    ``OMTX_LIMITS_PROXIES``: how many proxies of ours append to ``X-Forwarded-For`` before a request arrives.
    """

    model_config = SettingsConfigDict(env_prefix="OMTX_LIMITS_", frozen=True, hide_input_in_errors=True)

    enabled: bool | None = None
    rates: Mapping[str, Mapping[str, int]] = {}
    quotas: Mapping[str, Mapping[str, float | None]] = {}
    proxies: Annotated[int, Field(ge=0, le=8)] = 0

    @model_validator(mode="after")
    def _every_number_has_a_name(self) -> Self:
        self.tiers()
        return self

    def tiers(self) -> dict[str, Tier]:
        """The table with these numbers in it; what is none of its names is refused."""
        names = {*TIERS, *self.rates, *self.quotas}
        return {name: self._tier(name, TIERS.get(name, Tier())) for name in sorted(names)}

    def _tier(self, name: str, known: Tier) -> Tier:
        rates = known.rates.model_dump() | dict(self.rates.get(name, {}))
        quotas = known.quotas.model_dump() | dict(self.quotas.get(name, {}))
        return Tier(rates=Rates.model_validate(rates), quotas=Quotas.model_validate(quotas))


@cache
def limit_settings() -> LimitSettings:
    """The settings of this process."""
    return LimitSettings()
