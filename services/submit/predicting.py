"""A task as its form asks it: made an order, which goes the way of every other."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from pydantic import Field, JsonValue, StringConstraints

from services.submit.filters import MoleculeFilters
from services.submit.fitting import judge_of
from services.submit.request import Order, read_value
from services.submit.source import Limits, Source
from services.submit.survey import surveyed
from services.submit.target import prepare
from services.submit.telling import Telling
from shared.catalogue.entry import entry
from shared.catalogue.tasks.asking import field_of, order_of
from shared.catalogue.tasks.task import Task, task
from shared.domain.identity import job_id
from shared.errors import FieldError, InvalidInput, NotFound
from shared.models.batch import Configuration
from shared.ports.blobs import Blobs

LONGEST_NAME = 200
JobName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME)]


class Question(Telling):
    """
    What a user asks of a task; without a model, the one that the task prefers and that runs here.

    What stands beside ``input_data`` counts for a field of the same name that is not in there.
    """

    input_data: Mapping[str, JsonValue]
    model_id: str | None = None
    job_name: JobName | None = None
    use_msa: bool | None = None
    use_potentials: bool | None = None
    parameters: Mapping[str, JsonValue] = {}
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    configuration: Configuration | None = None
    molecule_filters: MoleculeFilters | None = None
    use_cache: bool | None = None
    metadata: Mapping[str, JsonValue] | None = None


class Prediction(Question):
    """The body of ``POST /api/v2/predict``."""

    task_type: str


class TaskOrder(Order):
    """An order whose name may be as long as that of a prediction."""

    job_name: JobName


@contextmanager
def ordered(question: Question, task_id: str) -> Iterator[Order]:
    """
    The order that a question is; what is wrong with it is said of the fields of the task, inside too.

    Raises:
        InvalidInput: an unknown task, nobody who does it here, or fields that are missing or wrong.
    """
    asked = _task(task_id)
    model = question.model_id or _chosen(asked)
    beside = {name: getattr(question, name) for name in ("job_name", "use_msa", "use_potentials")}
    kept = {"seed", "configuration", "metadata", "molecule_filters", "use_cache"}
    further = question.model_dump(mode="json", exclude_none=True, include=kept)
    body = order_of(asked, question.input_data, model=model, beside=beside, parameters=question.parameters)
    try:
        # A prediction is worth nothing without the rows that its user named: none is left out unseen.
        yield read_value({**further, **question.told, **body, "strict": True}, TaskOrder)
    except InvalidInput as error:
        found = [FieldError(field_of(asked, it.path), it.message) for it in error.errors]
        listed = "; ".join(f"{it.path or 'body'}: {it.message}" for it in found[:5])
        raise InvalidInput(listed or str(error), found) from error


def _task(task_id: str) -> Task:
    try:
        return task(task_id)
    except NotFound as error:
        raise InvalidInput(str(error), [FieldError("task_type", str(error))]) from error


def _chosen(asked: Task) -> str:
    reason = asked.unavailable()
    if reason is not None:
        message = f"{asked.id} is not available here: {reason}"
        raise InvalidInput(message, [FieldError("task_type", message)])
    return asked.usable()[0].id


def predicted(order: Order, accepted: Mapping[str, Any]) -> dict[str, Any]:
    """
    The answer to a prediction, from that to its order.

    ``job_id`` is the id of its one job, or of the batch where it has several.
    """
    batch_id, jobs = accepted["batch_id"], accepted["total_jobs"]
    return {
        "job_id": job_id(batch_id, 0) if jobs == 1 else batch_id,
        "batch_id": batch_id,
        "task_type": order.task_type,
        "model_id": order.model_name,
        "status": "submitted" if jobs == 1 else "processing",
        "message": accepted["message"],
        "total_jobs": jobs,
        "estimated_completion_time": accepted["estimated_duration_seconds"],
        **{name: accepted[name] for name in ("test_model", "status_url", "results_url", "webhook_id")},
    }


def validated(
    question: Question,
    task_id: str,
    limits: Limits,
    *,
    owner: str,
    blobs: Blobs,
    check: Callable[[Telling], None],
) -> dict[str, Any]:
    """What ``predict`` would say against the input; nothing is stored."""
    task(task_id)
    try:
        with ordered(question, task_id) as order:
            model = entry(order.model_name)
            source = Source.of(order, model, owner=owner, blobs=blobs)
            judge = judge_of(model, prepare(order, model))
            surveyed(source, model, judge, limits, strict=True, blobs=blobs)
            check(order)
    except InvalidInput as error:
        errors = [{"path": it.path, "message": it.message} for it in error.errors]
        return {"valid": False, "errors": errors}
    return {"valid": True, "errors": []}
