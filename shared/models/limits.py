"""How much who may: the one table of rates and quotas, by tier."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.models.base import Frozen

MINUTE = 60.0
Most = Annotated[int, Field(ge=1, le=10_000_000)]


class Endpoints(StrEnum):
    """Classes of endpoints, each with a bucket of its own; ``OVERALL`` is shared by most of them."""

    OVERALL = "overall"
    SUBMIT = "submit"
    STATUS = "status"
    LIST = "list"
    RESULTS = "results"
    DELETE = "delete"
    DOWNLOAD = "download"
    OTHER = "other"


ALONE = frozenset({Endpoints.STATUS, Endpoints.DOWNLOAD})
"""Not counted in ``OVERALL``: their numbers are above it, so that it would be the only limit they have."""


class Policy(Frozen):
    """``most`` tokens, which come back evenly over ``seconds``. ``name`` is what a client reads."""

    name: str
    most: Most
    seconds: Annotated[float, Field(gt=0)] = MINUTE


class Rates(Frozen):
    """Requests a minute."""

    overall: Most = 60
    submit: Most = 10
    status: Most = 180
    list: Most = 30
    results: Most = 60
    delete: Most = 20
    download: Most = 20
    other: Most = 30

    def policies(self, endpoints: Endpoints) -> tuple[Policy, ...]:
        """What a request of this class has to pass, its own class first."""
        both = (endpoints,) if endpoints in ALONE else (endpoints, Endpoints.OVERALL)
        return tuple(Policy(name=it.value, most=getattr(self, it.value)) for it in both)


class Quotas(Frozen):
    """None: as many as you like. Days and months are those of UTC, money is USD."""

    concurrent_batches: Annotated[int, Field(ge=0)] | None = None
    ligands_per_day: Annotated[int, Field(ge=0)] | None = None
    usd_per_day: Annotated[float, Field(ge=0)] | None = None
    usd_per_month: Annotated[float, Field(ge=0)] | None = None

    @property
    def unlimited(self) -> bool:
        """Whether there is nothing to count."""
        return all(value is None for value in self.model_dump().values())


class Tier(Frozen):
    """What a tier may."""

    rates: Rates = Rates()
    quotas: Quotas = Quotas()


DEFAULT_TIER = "default"
TIERS: Mapping[str, Tier] = {
    "default": Tier(
        quotas=Quotas(concurrent_batches=3, ligands_per_day=10_000, usd_per_day=25, usd_per_month=100),
    ),
    "premium": Tier(
        rates=Rates(
            **{"overall": 120, "submit": 20, "status": 360, "list": 60, "results": 120},
            **{"delete": 40, "download": 100, "other": 60},
        ),
        quotas=Quotas(concurrent_batches=10, ligands_per_day=100_000, usd_per_day=250, usd_per_month=2_500),
    ),
    "enterprise": Tier(
        rates=Rates(
            **{"overall": 300, "submit": 50, "status": 900, "list": 150, "results": 300},
            **{"delete": 100, "download": 500, "other": 150},
        ),
        quotas=Quotas(
            concurrent_batches=30, ligands_per_day=1_000_000, usd_per_day=2_500, usd_per_month=25_000
        ),
    ),
}

GUESSES = Policy(name="wrong keys", most=60)
"""Requests of one client address that are answered as not allowed."""
