"""What every stored or transported record shares: frozen, and strict about unknown fields."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """
    A value: never changed after it was made; an unknown field is a mistake, not a note.

    What is wrong with one is said without quoting it, as errors end up in logs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Instant = AwareDatetime
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]
"""Fit to be a part of a key in every store."""
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""A whole number that every store can hold."""
