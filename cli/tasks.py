"""The tasks as a person reads them, and which model does one."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from cli.connection import Connection
from cli.errors import Refused
from cli.text import cell

SCREENING = "vina"
"""The model of a screen of ligands that names neither task nor model."""
Task = Mapping[str, Any]


def chosen_model(connection: Connection, task_id: str | None, model: str | None) -> str:
    """
    The model that was named, or the one that the task prefers and that runs here.

    Raises:
        Refused: nobody does the task here; the reason is told.
    """
    if model is not None or task_id is None:
        return model or SCREENING
    found = connection.get(f"/api/v2/tasks/{task_id}")
    usable = [it["id"] for it in found["models"] if it["available"]]
    if not usable:
        raise Refused(f"{task_id} cannot be computed here: {found['reason']}")
    return str(usable[0])


def tasks_table(tasks: Sequence[Task]) -> Table:
    """One line per task, with the reason where nobody does it here."""
    drawn = Table("task", "what it does", "models here", "why not")
    for task in tasks:
        models = ", ".join(it["id"] for it in task["models"] if it["available"])
        drawn.add_row(*map(cell, (task["task_id"], task["description"], models, task["reason"])))
    return drawn


def task_details(task: Task) -> Group:
    """What has to be filled in, who does it and who cannot, and what comes out."""
    fields = Table("field", "type", "default", "meaning", "rules", title="Input (--input KEY=VALUE)")
    for field in task["input_fields"]:
        described = (field["description"], _rules(field))
        fields.add_row(*map(cell, (field["id"], field["field_type"], field["default_value"], *described)))
    outputs = Table("output", "meaning", title="Output")
    for output in task["output_fields"]:
        outputs.add_row(cell(output["label"]), cell(output["description"]))
    pieces: list[RenderableType] = [cell(f"{task['task_name']}: {task['description']}"), fields, outputs]
    pieces += [cell(f"model {it['id']}: {it['reason'] or 'runs here'}") for it in task["models"]]
    if not task["models"]:
        pieces.append(cell(task["reason"]))
    return Group(*pieces)


def _rules(field: Mapping[str, Any]) -> str:
    said = [it["message"] for it in field["validation"]]
    if field["options"]:
        said.append("one of " + ", ".join(it["value"] for it in field["options"]))
    return "; ".join([*said, *([field["help_text"]] if field["help_text"] not in (None, *said) else [])])
