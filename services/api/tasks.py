"""The tasks: what can be asked, and who answers it here."""

from typing import Any

from fastapi import APIRouter

from services.api.answers import TaskForm, TaskList
from services.api.answers.catalogue import TaskForms
from services.api.dependencies import READ
from shared.catalogue.tasks import task as catalogue
from shared.catalogue.tasks.form import form
from shared.catalogue.tasks.task import brief

router = APIRouter(prefix="/api/v2/tasks", tags=["catalogue"], dependencies=[READ])


@router.get("", summary="List tasks", responses={200: {"model": TaskList}})
def tasks() -> dict[str, Any]:
    """All tasks, in short."""
    return {"tasks": [brief(found) for found in catalogue.tasks().values()]}


@router.get("/schemas", summary="The forms of all tasks", responses={200: {"model": TaskForms}})
def schemas() -> dict[str, Any]:
    """The form of every task, by its id."""
    return {"schemas": {name: form(found) for name, found in catalogue.tasks().items()}}


@router.get("/{task_id}", summary="The form of a task", responses={200: {"model": TaskForm}})
@router.get("/{task_id}/schema", summary="The form of a task", responses={200: {"model": TaskForm}})
def task(task_id: str) -> dict[str, Any]:
    """The form of one task: its fields, and what it answers with."""
    return form(catalogue.task(task_id))
