"""What an owner has used of a quota: claims of batches that are not over, and sums of days."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from shared.models.base import Frozen, Instant


class Claim(Frozen):
    """
    What a batch takes of its owner's quotas, from before it is opened until it is over.

    ``hand`` names the submission that made it, of several for the same batch.
    """

    batch_id: str
    hand: str
    ligands: Annotated[int, Field(ge=0)]
    usd: Annotated[float, Field(ge=0)]
    at: Instant


class Day(Frozen):
    """Of all batches that were submitted on it; money as it is estimated, and as it was spent once known."""

    ligands: int = 0
    usd: float = 0.0


class Consumption(Frozen):
    """Claims by batch, days by their ISO date in UTC."""

    open: Mapping[str, Claim] = {}
    days: Mapping[str, Day] = {}
