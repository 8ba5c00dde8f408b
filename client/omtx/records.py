"""What the server answers, typed. ``raw`` of each is the document itself, with all that is in it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from omtx.errors import NoAnswer

ENDED = frozenset({"completed", "failed", "cancelled"})


class Record(BaseModel):
    """A frozen value; what a newer server adds stands in ``raw``."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())
    _raw: Mapping[str, Any] = PrivateAttr(default_factory=dict)

    @classmethod
    def of(cls, document: Any) -> Self:
        """Read a document; NoAnswer if the server does not mean this kind of thing."""
        try:
            record = cls.model_validate(document)
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, it["loc"])) for it in error.errors()[:5])
            raise NoAnswer(f"the server's answer is no {cls.__name__}: {fields}") from error
        record._raw = document
        return record

    @property
    def raw(self) -> Mapping[str, Any]:
        """The server's own words."""
        return self._raw


class Accounting(Record):
    """Where each row of a library is; the states add up to ``submitted``."""

    submitted: int
    completed: int
    failed: int
    invalid: int
    filtered: int
    cancelled: int
    pending: int
    queued: int
    running: int

    @property
    def settled(self) -> int:
        """Rows about which nothing is open any more."""
        return self.submitted - self.pending - self.queued - self.running


class Rejected(Record):
    """A row of the library that is not computed, and why."""

    line: int
    kind: Literal["invalid", "filtered"]
    reason: str
    text: str = ""
    smiles: str | None = None


class Accepted(Record):
    """What became of a submission: the screen, and the first rows that are not computed."""

    batch_id: str
    message: str
    status_url: str
    webhook_id: str | None = None


class Pace(Record):
    """How fast it goes; None where nothing can be said yet."""

    jobs_per_minute: float | None = None


class Status(Record):
    """How a screen stands; ``estimated_completion``: seconds left, None where nothing can be said."""

    batch_id: str
    batch_name: str
    status: str
    created_at: datetime
    finished_at: datetime | None
    model_name: str
    protein_name: str
    accounting: Accounting
    accounting_sentence: str
    performance_metrics: Pace
    estimated_completion: float | None
    round: int

    @property
    def is_over(self) -> bool:
        """Whether nothing changes any more unless it is retried."""
        return self.status in ENDED

    @property
    def is_successful(self) -> bool:
        """Whether it ended with results; some ligands may have failed."""
        return self.status == "completed"


class Listed(Record):
    """A screen in a list."""

    batch_id: str
    name: str
    status: str
    created_at: datetime
    model_name: str
    protein_name: str
    accounting: Accounting


class Done(Record):
    """What a step did."""

    batch_id: str
    message: str
    timestamp: datetime


class Verification(Record):
    """Whether the records of a screen agree and its files are what they were."""

    batch_id: str
    ok: bool
    sentence: str
    artefacts_checked: int
    problems: tuple[str, ...]


class Estimate(Record):
    """What a screen would take and cost; ``usd``: None where nobody can say."""

    model_name: str
    model_version: str
    counts: Mapping[str, Any]
    time: Mapping[str, Any]
    cost: Mapping[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def usd(self) -> float | None:
        """The expected cost."""
        found = self.cost.get("usd")
        return None if found is None else float(found)


class Metric(Record):
    """One figure of a model: its unit, which way is good, what it means and where that is from."""

    label: str = ""
    unit: str
    direction: str
    range: tuple[float | None, float | None] = (None, None)
    meaning: str = ""
    source: str = ""


class Ranking(Record):
    """By which figure a screen is ranked; ``ascending``: the lowest is best."""

    key: str
    order: Literal["ascending", "descending"]
    unit: str = ""
    direction: str = ""


class Model(Record):
    """A model of the catalogue; ``parameters`` is the JSON Schema of its parameters."""

    id: str
    name: str
    version: str
    summary: str
    metrics: Mapping[str, Metric]
    ranking: Ranking
    parameters: Mapping[str, Any]
    licence: str
    citation: str


class Task(Record):
    """What can be asked for; ``reason`` says why nobody does it here."""

    task_id: str
    task_name: str
    description: str
    available: bool
    reason: str | None
    models: tuple[Mapping[str, Any], ...]
    input_fields: tuple[Mapping[str, Any], ...] = ()
    output_fields: tuple[Mapping[str, Any], ...] = ()


class Validation(Record):
    """Whether a task takes an input, and what is wrong with it."""

    valid: bool
    errors: tuple[Mapping[str, str], ...] = ()
