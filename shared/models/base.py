"""What every stored or transported record shares: frozen, and strict about unknown fields."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """A value: never changed after it was made; an unknown field is a mistake, not a note."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Instant = AwareDatetime
