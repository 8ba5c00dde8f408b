"""A batch as it was submitted: the facts that are written once and never change."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from shared.models.base import Frozen, Id, Instant, Sha256
from shared.models.costs import Estimate, Tariff

Priority = Literal["low", "normal", "high", "urgent"]
Strategy = Literal["sequential", "parallel", "adaptive", "resource_aware"]
RowKind = Literal["ligand", "target", "variant", "design"]
"""What a job is about: a ligand, the target alone, another sequence of it, or a share of the designs."""

MAX_SEQUENCE = 2000
MAX_LIGANDS_IN_BODY = 1500
MAX_SMILES = 500
MAX_VARIANTS = 1000
MAX_DESIGNS = 1000
MOST_STRUCTURES = 8


class BatchStatus(StrEnum):
    """What a user reads; derived from the facts, see ``domain.lifecycle``."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    AGGREGATING = "aggregating"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobStatus(StrEnum):
    """What a user reads of one ligand; derived from the facts, see ``domain.lifecycle``."""

    PENDING = "pending"
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INVALID = "invalid"
    FILTERED = "filtered"


class Configuration(Frozen):
    """
    How the batch is to be run. Times in seconds.

    ``max_cost_usd``: an order whose estimate is above it is refused, and a batch that reaches it ends.
    """

    priority: Priority = "normal"
    scheduling_strategy: Strategy = "adaptive"
    max_concurrent_jobs: Annotated[int, Field(ge=1, le=999)] = 999
    retry_failed_jobs: bool = True
    max_retry_attempts: Annotated[int, Field(ge=1, le=5)] = 3
    timeout_per_job: Annotated[int, Field(ge=300, le=7200)] = 1800
    enable_predictive_completion: bool = True
    enable_performance_analytics: bool = True
    max_cost_usd: Annotated[float, Field(gt=0)] | None = None

    @property
    def max_attempts(self) -> int:
        """How often a ligand is tried at the most."""
        return self.max_retry_attempts if self.retry_failed_jobs else 1


class StoredInput(Frozen):
    """An input file of the whole batch (the receptor, say) in the object store."""

    key: str
    size: int
    sha256: Sha256


class Counts(Frozen):
    """How many rows of the library became what at submit. ``duplicates`` are among ``valid``."""

    submitted: Annotated[int, Field(ge=1)]
    valid: Annotated[int, Field(ge=1)]
    invalid: Annotated[int, Field(ge=0)] = 0
    filtered: Annotated[int, Field(ge=0)] = 0
    duplicates: Annotated[int, Field(ge=0)] = 0

    @property
    def jobs(self) -> int:
        """How many ligands are computed: a row that repeats another's molecule needs no run."""
        return self.valid - self.duplicates

    @property
    def single(self) -> bool:
        """Whether this is a single prediction: a library of one row."""
        return self.submitted == 1


def _empty(value: object) -> bool:
    """What is stored of a batch does not change with what it does not use."""
    return not value


class Batch(Frozen):
    """
    One submitted screen.

    ``notes`` say how parameters were settled (where the box came from, say). ``tokens``: how large the
    target is in the model's own count, without a ligand, where a run's GPU depends on it. ``leaves`` (K) and
    ``window`` (W) fix the counting tree and the release window of round 0. ``fingerprint`` is the
    digest of the request body: the same idempotency key with another fingerprint is refused.
    ``library_digest`` is that of the stored library, see ``steps.manifest``.
    ``store`` is the key prefix of library and inputs; it holds the fingerprint, so that two racing
    submissions under one key cannot mix their rows.
    ``tariff`` and ``estimate`` are of the day of its submission; None where no price is known.
    ``alignments``: the protein sequences (upper case) whose multiple sequence alignment every run gets, by
    the name of the input file; ``alignment_source`` is the digest of where and how it is searched.
    ``molecule_filters`` are those of the order, with the version of RDKit that applied them.
    With ``use_cache`` a ligand whose result is known is not computed again, see ``domain.reuse``;
    ``replay_of``: the batch whose inputs and seeds this one has, to compute them once more.
    ``hook``: the endpoint that its order named to be told of it, see ``steps.notices``.
    ``trace``: where it was opened, as a ``traceparent``; see ``shared.tracing``.
    An ``imported`` batch was computed by an older system: nothing of it is ever started here, and its
    ``seed`` may be unknown.
    """

    batch_id: str
    owner: str
    name: str
    model: str
    model_version: str
    task_type: str
    protein_name: str
    protein_sequence: str | None = None
    inputs: Mapping[str, StoredInput] = {}
    alignments: Annotated[Mapping[str, str], Field(exclude_if=_empty)] = {}
    alignment_source: Annotated[Sha256 | None, Field(exclude_if=_empty)] = None
    target_digest: Sha256
    library_digest: Sha256
    parameters: Mapping[str, JsonValue]
    notes: Mapping[str, str] = {}
    tokens: Annotated[int, Field(ge=1)] | None = None
    seed: int | None
    counts: Counts
    leaves: Annotated[int, Field(ge=1)]
    window: Annotated[int, Field(ge=1)]
    configuration: Configuration
    tariff: Tariff | None = None
    estimate: Estimate | None = None
    metadata: Mapping[str, JsonValue] = {}
    fingerprint: Sha256
    store: str
    idempotency_key: str | None = None
    chemistry_report: Mapping[str, JsonValue] = {}
    molecule_filters: Annotated[Mapping[str, JsonValue], Field(exclude_if=_empty)] = {}
    test_model: bool = False
    imported: bool = False
    use_cache: Annotated[bool, Field(exclude_if=_empty)] = False
    replay_of: Annotated[str | None, Field(exclude_if=_empty)] = None
    hook: Annotated[Id | None, Field(exclude_if=_empty)] = None
    trace: Annotated[str | None, Field(exclude_if=_empty)] = None
    created_at: Instant


class LibraryRow(Frozen):
    """
    One valid row, one job. ``index``: 0-based row of the library; ``line``: 1-based line of its file.

    Only a ligand has SMILES and what follows from them; any other row says what it is about in ``item``.
    ``formal_charge`` (in e) and ``heavy_atoms`` are of all ``fragments``; ``undefined_stereo`` counts
    centres and double bonds whose configuration is left open. ``copies``: how many rows hold this
    molecule, this one included; the others are DuplicateRows.
    """

    position: int
    index: int
    line: int
    name: str
    smiles: str | None = None
    canonical_smiles: str | None = None
    heavy_atoms: int | None = None
    fragments: int = 1
    formal_charge: int = 0
    undefined_stereo: int = 0
    has_carbon: bool = True
    copies: Annotated[int, Field(ge=1)] = 1
    warnings: tuple[str, ...] = ()
    data: Mapping[str, str] = Field(default_factory=dict)
    kind: RowKind = "ligand"
    item: Mapping[str, JsonValue] = Field(default_factory=dict)


class DuplicateRow(Frozen):
    """A row that is about the same as the job at ``position``, which an earlier row brought."""

    position: int
    index: int
    line: int
    name: str
    smiles: str | None = None
    warnings: tuple[str, ...] = ()
    data: Mapping[str, str] = Field(default_factory=dict)


class RejectedRow(Frozen):
    """
    A row that cannot be computed (``invalid``) or was not wanted (``filtered``), and why.

    ``of`` is what it would have been. A filtered row is a ligand: it has a name and SMILES, and the name of
    the ``filter`` that it did not pass, with which its reason begins.
    """

    index: int
    line: int
    text: str
    kind: Literal["invalid", "filtered"] = "invalid"
    reason: str
    of: RowKind = "ligand"
    name: str | None = None
    smiles: str | None = None
    filter: str | None = None
