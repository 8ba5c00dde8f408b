"""What the catalogue says of a task, and the tasks themselves."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, StringConstraints

from shared.catalogue.entry import ModelEntry, known_models, obstacle_here
from shared.catalogue.files import document
from shared.errors import NotFound
from shared.models.base import Frozen
from shared.models.batch import RowKind
from shared.settings import settings

FieldType = Literal["text", "textarea", "number", "select", "checkbox", "file", "sequence", "smiles"]
OutputType = Literal[
    "structure",
    "affinity",
    "confidence",
    "binding_sites",
    "comparison",
    "screening_results",
    "metrics",
    "files",
]
Reading = Literal["ligand", "ligands", "compounds", "variants", "chain", "choice"]


class Option(Frozen):
    """One choice of a select; ``sets`` has what it means in the parameters of each model, by model."""

    value: str
    label: str
    sets: Mapping[str, Mapping[str, JsonValue]] = {}


class InputField(Frozen):
    """
    One field of a form.

    ``to`` is its place in the order, with dots between steps; without one it only serves another field.
    ``reads`` says how a value becomes what stands there, where it is not the value itself. A required
    field may be left out if the field ``unless`` is given. Lengths are in characters, of a sequence in
    residues, of a list in its items.
    """

    id: str
    label: str
    field_type: FieldType
    description: str = ""
    placeholder: str | None = None
    default_value: JsonValue = None
    options: tuple[Option, ...] = ()
    required: bool = False
    unless: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    min_value: int | None = None
    max_value: int | None = None
    help_text: str | None = None
    to: str | None = None
    reads: Reading | None = None


class OutputField(Frozen):
    """One thing that a result shows; ``conditional`` says when it is missing."""

    id: str
    label: str
    output_type: OutputType
    description: str
    format: str | None = None
    visualization: str | None = None
    required: bool = False
    conditional: str | None = None


class Example(Frozen):
    """An input that is accepted as it stands."""

    name: str
    input_data: Mapping[str, JsonValue]


class Task(Frozen):
    """
    One task.

    ``rows``: what its jobs are about. ``prefers``: the model that is asked if the user names none.
    ``sets`` are parts of the order that no field gives, by their place. ``estimated_time`` in seconds,
    for each job where ``per_job`` says so.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z_]+$")]
    name: str
    description: str
    rows: RowKind
    prefers: str | None = None
    inputs: tuple[InputField, ...]
    sets: Mapping[str, JsonValue] = {}
    outputs: tuple[OutputField, ...]
    estimated_time: Annotated[int, Field(ge=1)]
    per_job: bool = False
    examples: tuple[Example, ...] = ()

    def models(self) -> list[ModelEntry]:
        """The models that do it, the preferred one first; test models only where they are switched on."""
        tests = settings().test_models
        found = [it for it in known_models() if self.id in it.tasks and (tests or not it.test_model)]
        return sorted(found, key=lambda it: (it.id != self.prefers, it.test_model, it.id))

    def usable(self) -> list[ModelEntry]:
        """Those of them that can be run here."""
        return [it for it in self.models() if obstacle_here(it) is None]

    def unavailable(self) -> str | None:
        """Why nobody does it here; None: somebody does."""
        if self.usable():
            return None
        first = next(iter(self.models()), None)
        if first is None:
            return "no model of the catalogue does it"
        return obstacle_here(first)


@cache
def tasks() -> dict[str, Task]:
    """All tasks by id, in the order of the file."""
    file = document(Path(__file__).parent / "tasks.yaml")
    return {found.id: found for found in map(Task.model_validate, file["tasks"])}


def task(task_id: str) -> Task:
    """The task; NotFound if there is none."""
    found = tasks().get(task_id)
    if found is None:
        raise NotFound(f"no task {task_id!r}; there are: {', '.join(tasks())}")
    return found


def brief(found: Task) -> dict[str, Any]:
    """The task in a list: what it is, and who does it here."""
    reason = found.unavailable()
    return {
        "task_id": found.id,
        "task_name": found.name,
        "description": found.description,
        "available": reason is None,
        "reason": reason,
        "models": [_serving(it) for it in found.models()],
    }


def _serving(model: ModelEntry) -> dict[str, Any]:
    reason = obstacle_here(model)
    return {"id": model.id, "name": model.name, "available": reason is None, "reason": reason}
