"""A task as the API shows it: all that a form needs."""

from typing import Any

from shared.catalogue.tasks.rules import rules
from shared.catalogue.tasks.task import InputField, Task, brief
from shared.settings import settings


def form(task: Task) -> dict[str, Any]:
    """The schema of the task's input and output, and who does it here."""
    return {
        **brief(task),
        "input_fields": [_input(field) for field in task.inputs],
        "output_fields": [field.model_dump() for field in task.outputs],
        "estimated_time": task.estimated_time,
        "estimated_time_is_per_job": task.per_job,
        "resource_requirements": _resources(task),
        "examples": [example.model_dump() for example in task.examples],
    }


def _input(field: InputField) -> dict[str, Any]:
    return {
        "id": field.id,
        "label": field.label,
        "field_type": field.field_type,
        "description": field.description,
        "placeholder": field.placeholder,
        "default_value": field.default_value,
        "options": [{"value": option.value, "label": option.label} for option in field.options],
        "validation": [
            {"rule_type": kind, "value": value, "message": message} for kind, value, message in rules(field)
        ],
        "conditional": {"required_unless": field.unless} if field.unless else None,
        "help_text": field.help_text,
    }


def _resources(task: Task) -> dict[str, Any]:
    """Of the model that is asked if the user names none; null where nobody does the task here."""
    chosen = next(iter(task.usable()), None)
    if chosen is None:
        return {"model": None, "engine": settings().engine, "gpu": None, "timeout_seconds": None}
    return {
        "model": chosen.id,
        "engine": chosen.engine,
        "gpu": chosen.engine == "modal",
        "timeout_seconds": chosen.timeout_seconds,
    }
