"""What goes to a model run and what comes back: the order, and the envelope around its answer."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, model_validator

from shared.models.base import Count, Frozen, Id, Instant, Sha256
from shared.models.batch import Priority

MetricValue = float | int | bool | str | None


class FailureClass(StrEnum):
    """Why an attempt gave no result. The class alone decides whether another attempt follows."""

    INVALID_INPUT = "invalid_input"
    MODEL_ERROR = "model_error"
    OUT_OF_MEMORY = "out_of_memory"
    TIMEOUT = "timeout"
    INFRASTRUCTURE = "infrastructure"
    CANCELLED = "cancelled"


RETRIED = frozenset({FailureClass.OUT_OF_MEMORY, FailureClass.TIMEOUT, FailureClass.INFRASTRUCTURE})


class Failure(Frozen):
    """One sentence a chemist can act on, and its class."""

    kind: FailureClass
    message: Annotated[str, Field(min_length=1, max_length=2000)]

    @property
    def may_be_retried(self) -> bool:
        """Whether the same input can give another answer on another try."""
        return self.kind in RETRIED


class Artefact(Frozen):
    """One stored file of a job: its name within the job, its object key, size in bytes and digest."""

    name: str
    key: str
    size: Annotated[int, Field(ge=0)]
    sha256: Sha256


class Origin(Frozen):
    """
    Whose result a job was given, as it had been computed before, and what that had taken.

    ``seconds``: wall time of the run; ``usd``: what its runs were counted at, None where none was counted.
    """

    batch_id: Id
    job_id: Id
    computed_at: Instant
    seconds: float | None = None
    usd: float | None = None


def absent(value: object) -> bool:
    """What is stored does not change with what it has not."""
    return value is None


class JobRef(Frozen):
    """
    Which ligand of which batch, and which try.

    ``position`` is the 0-based place among the jobs of the library, in every round: the manifest's
    chunks are defined on positions. ``place`` is the 0-based place among the jobs of a later round,
    which holds only some of them; in round 0 it is the position, and left out. The counting tree and
    the release window are defined on places.
    """

    batch_id: Id
    job_id: Id
    round: Count = 0
    position: Count
    place: Count | None = None
    attempt: Annotated[Count, Field(ge=1)] = 1

    @property
    def place_in_round(self) -> int:
        """Where the counting tree of the round counts this job."""
        return self.position if self.place is None else self.place

    @property
    def run_name(self) -> str:
        """What tells this try from every other."""
        return f"{self.job_id} {self.round} {self.attempt}"


class Download(Frozen):
    """An input the run fetches: where from, and what its bytes must hash to."""

    url: str
    sha256: Sha256


class LogPlace(Frozen):
    """
    Where the log of an attempt goes: its object key, and signed URLs to store it and to read it.

    A log has times in it, so a run that is repeated by its engine would write other bytes than those
    that its first answer named. The first log of an attempt stays; hence the URL to look for one.
    """

    key: str
    put_url: str
    get_url: str


class WorkOrder(Frozen):
    """
    All that one model run needs, small enough for one message (references, never content).

    ``uploads`` maps each file name the model may write to ``(object key, signed PUT URL)``; the run's
    own ``log`` has a place by itself.
    ``alignments`` names the inputs that are multiple sequence alignments, whose digests each answer tells.
    ``item`` is what a job without a ligand is about (the numbers of its designs, a variant's sequence); it
    has no ``smiles``, and its ``ligand_name`` is the name of its row.
    ``seed`` is the ligand's own seed, ``search_seed`` that of the screen on its target.
    ``timeout_seconds`` counts from the start of the run. ``gpu``: the kind to run on, where it is not the
    one that the model is deployed with. ``trace`` tells where it was ordered, see ``shared.tracing``.
    """

    ref: JobRef
    model: str
    task_type: str
    parameters: Mapping[str, JsonValue]
    seed: int
    search_seed: int
    ligand_name: str
    smiles: str | None = None
    item: Mapping[str, JsonValue] = Field(default_factory=dict)
    protein_name: str
    inputs: Mapping[str, Download] = {}
    alignments: tuple[str, ...] = ()
    uploads: Mapping[str, tuple[str, str]] = {}
    log: LogPlace | None = None
    webhook_url: str
    priority: Priority = "normal"
    timeout_seconds: Annotated[int, Field(ge=1)]
    gpu: str | None = None
    trace: Mapping[str, str] | None = None


class Envelope(Frozen):
    """
    The answer of one attempt. A failure is data: it has a class and a reason, never a zero.

    ``cached``: nothing ran; it is the answer of an earlier run to the same question.
    ``trace`` is that of the order.
    """

    ref: JobRef
    call_id: str | None = None
    status: Literal["succeeded", "failed"]
    failure: Failure | None = None
    metrics: Mapping[str, MetricValue] = Field(default_factory=dict)
    artefacts: tuple[Artefact, ...] = ()
    seed: int | None = None
    versions: Mapping[str, str] = Field(default_factory=dict)
    test_model: bool = False
    machine: str | None = None
    cached: Annotated[Origin | None, Field(exclude_if=absent)] = None
    trace: Mapping[str, str] | None = None
    started_at: Instant
    finished_at: Instant

    @model_validator(mode="after")
    def _failure_matches_status(self) -> Self:
        if (self.status == "failed") != (self.failure is not None):
            raise ValueError("a failed envelope has a failure, a succeeded one has none")
        return self

    @property
    def seconds(self) -> float:
        """Wall time of the run in seconds."""
        return (self.finished_at - self.started_at).total_seconds()


def plain(record: Frozen) -> dict[str, Any]:
    """The record as JSON-ready values, without what is unset."""
    return record.model_dump(mode="json", exclude_none=True)
