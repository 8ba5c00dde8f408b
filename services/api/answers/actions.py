"""What answers to what is asked of one result: its files, its deletion, another run."""

from datetime import datetime

from services.api.answers.lists import KindOfJob
from shared.models.base import Frozen
from shared.models.batch import JobStatus


class Downloadable(Frozen):
    """A file, and where it is served without a key; size in bytes."""

    name: str
    size: int
    type: str
    sha256: str
    url: str


class Downloads(Frozen):
    """The files of a job or batch; their URLs end at ``urls_expire_at``."""

    job_id: str
    batch_id: str
    files: list[Downloadable]
    primary_structure_url: str | None
    urls_expire_at: datetime


class Deleted(Frozen):
    """What was deleted."""

    success: bool
    batch_id: str
    deleted_jobs: int
    timestamp: datetime
    message: str


class Retried(Frozen):
    """A job that is computed again, in this round of its batch."""

    job_id: str
    batch_id: str
    status: JobStatus
    job_type: KindOfJob
    created_at: datetime
    round: int
