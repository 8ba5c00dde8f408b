"""The tasks: what can be asked, and who answers it here."""

from typing import Any

from fastapi import APIRouter

from shared.catalogue.tasks import task as catalogue
from shared.catalogue.tasks.form import form
from shared.catalogue.tasks.task import brief

router = APIRouter(prefix="/api/v2/tasks", tags=["catalogue"])


@router.get("")
def tasks() -> dict[str, Any]:
    """All tasks, in short."""
    return {"tasks": [brief(found) for found in catalogue.tasks().values()]}


@router.get("/{task_id}")
@router.get("/{task_id}/schema")
def task(task_id: str) -> dict[str, Any]:
    """The form of one task: its fields, and what it answers with."""
    return form(catalogue.task(task_id))
