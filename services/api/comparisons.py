"""What the comparison of two batches answers with, for the OpenAPI document."""

from pydantic import Field, JsonValue

from services.api.answers.paging import OnePage
from shared.models.base import Frozen


class Unlike(Frozen):
    """A field, as it was in the batch that is compared with, and as it is; null where there is none."""

    field: str
    before: JsonValue
    now: JsonValue


class DifferentJob(Frozen):
    """A job whose results are not the same: status, seed, ``metrics.NAME``, ``files.NAME`` (SHA-256)."""

    job_id: str
    index: int
    ligand_name: str
    fields: list[Unlike]


class Differences(Frozen):
    """A page of jobs that were ``compared``; those that are ``different``, and what may be why."""

    batch_id: str
    with_: str = Field(alias="with")
    replay_of: str | None
    asked: list[Unlike]
    programs: list[Unlike]
    compared: int
    different: list[DifferentJob]
    pagination: OnePage
