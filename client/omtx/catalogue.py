"""What the server can compute: its models, and the tasks that they do."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from omtx.binding import Speaking, awaitable, blocking
from omtx.calls import SUBMIT_SECONDS, Flow, Request, get
from omtx.records import Model, Task, Validation

MODELS, TASKS = "/api/v2/models", "/api/v2/tasks"


def list_models(models: Speaking, /) -> Flow[list[Model]]:
    """All models."""
    found = yield from models.session.ask(get(MODELS))
    return [Model.of(it) for it in found["models"]]


def get_model(models: Speaking, /, id: str) -> Flow[Model]:
    """One model: its parameters, and what its figures mean."""
    return Model.of((yield from models.session.ask(get(f"{MODELS}/{quote(id, safe='')}"))))


def list_tasks(tasks: Speaking, /) -> Flow[list[Task]]:
    """All tasks, also those that nobody does here."""
    found = yield from tasks.session.ask(get(TASKS))
    return [Task.of(it) for it in found["tasks"]]


def get_task(tasks: Speaking, /, id: str) -> Flow[Task]:
    """One task with its fields."""
    return Task.of((yield from tasks.session.ask(get(f"{TASKS}/{quote(id, safe='')}"))))


def validate(tasks: Speaking, /, id: str, input: Mapping[str, Any], **settings: Any) -> Flow[Validation]:
    """Whether a task takes this input; nothing is started."""
    question = {"input_data": dict(input), **settings}
    return Validation.of((yield from tasks.session.ask(validating(id, question))))


def validating(id: str, question: Any) -> Request:
    """The question whether a task takes an input."""
    path = f"{TASKS}/{quote(id, safe='')}/validate"
    return Request("POST", path, body=question, repeatable=True, seconds=SUBMIT_SECONDS)


class Models(Speaking):
    """The models of the server."""

    list = blocking(list_models)
    get = blocking(get_model)


class AsyncModels(Speaking):
    """The models of the server; its methods are awaited."""

    list = awaitable(list_models)
    get = awaitable(get_model)


class Tasks(Speaking):
    """The tasks that the server knows."""

    list = blocking(list_tasks)
    get = blocking(get_task)
    validate = blocking(validate)


class AsyncTasks(Speaking):
    """The tasks that the server knows; its methods are awaited."""

    list = awaitable(list_tasks)
    get = awaitable(get_task)
    validate = awaitable(validate)
