"""One class per topic. Messages carry ids and numbers; content lives in the stores."""

from typing import ClassVar

from shared.models.base import Count, Frozen, Id, Instant, Sha256
from shared.models.work import Envelope, JobRef


class Event(Frozen):
    """A message: a hint that something in the state may need doing."""

    topic: ClassVar[str]


class JobQueued(Event):
    """A released ligand wants its ``ref.attempt``-th try, not before ``not_before``."""

    topic: ClassVar[str] = "job-queued"
    ref: JobRef
    not_before: Instant | None = None


class JobFinished(Event):
    """A model run answered (or was found dead)."""

    topic: ClassVar[str] = "job-finished"
    envelope: Envelope


class BatchFinished(Event):
    """Every ligand of the round has its outcome."""

    topic: ClassVar[str] = "batch-finished"
    batch_id: Id
    round: Count = 0


class AlignmentWanted(Event):
    """A batch waits for the alignment of one of its sequences, which is given by its digest."""

    topic: ClassVar[str] = "alignment-wanted"
    batch_id: Id
    sequence: Sha256


class NoticeDue(Event):
    """Something is to be told to a user's endpoint, not before ``not_before``."""

    topic: ClassVar[str] = "notice-due"
    delivery_id: Id
    not_before: Instant | None = None
