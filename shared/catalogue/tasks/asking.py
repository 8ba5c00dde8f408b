"""From what a user fills in to the body of an order: pure."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import JsonValue

from shared.catalogue.tasks.rules import broken
from shared.catalogue.tasks.task import InputField, Task
from shared.errors import FieldError, InvalidInput

Given = Mapping[str, JsonValue]
Body = dict[str, Any]
WILD_TYPE = "wild type"
LONGEST_NAME = 100


def order_of(
    task: Task,
    input_data: Given,
    *,
    model: str,
    beside: Given | None = None,
    parameters: Given | None = None,
) -> Body:
    """
    The body of the order that computes a task.

    ``beside`` holds what was said outside the input: it counts for a field of the same id that the input
    leaves out. ``parameters`` of the model stand beside those that fields set.

    Raises:
        InvalidInput: fields that are missing, unknown or wrong, all of them, each by its id.
    """
    given = _filled(task, {**(beside or {}), **_said(input_data)})
    _check(task, input_data, given)
    body: Body = {"task_type": task.id, "model_name": model, "parameters": dict(parameters or {})}
    for place, value in task.sets.items():
        _put(body, place, value, place)
    for field in task.inputs:
        if field.to is not None and given.get(field.id) is not None:
            _put(body, field.to, _read(field, given, model), field.id)
    body.setdefault("protein_name", str(body["job_name"])[:LONGEST_NAME])
    return body


def field_of(task: Task, path: str) -> str:
    """The field of the task that stands at this path of the order, with what follows; else the path."""
    for field in task.inputs:
        if field.to is not None and (path == field.to or path.startswith((f"{field.to}.", f"{field.to}["))):
            rest = path.removeprefix(field.to).removeprefix(".content")
            return field.id if field.reads in ("ligand", "chain") else f"{field.id}{rest}"
    return {"model_name": "model_id"}.get(path, path)


def _said(given: Given) -> dict[str, JsonValue]:
    """What was filled in: blank texts were not."""
    stripped = {name: it.strip() if isinstance(it, str) else it for name, it in given.items()}
    return {name: it for name, it in stripped.items() if it is not None and it != ""}


def _filled(task: Task, given: Given) -> dict[str, JsonValue]:
    """The value of every field of the task, which is its default where it is not given."""
    said = _said(given)
    return {field.id: said.get(field.id, field.default_value) for field in task.inputs}


def _check(task: Task, input_data: Given, given: Given) -> None:
    ids = [field.id for field in task.inputs]
    found = [FieldError(name, _unknown(task, ids)) for name in input_data if name not in ids]
    found += [FieldError(field.id, message) for field in task.inputs for message in broken(field, given)]
    if found:
        listed = "; ".join(f"{error.path}: {error.message}" for error in found[:5])
        raise InvalidInput(listed, found)


def _unknown(task: Task, ids: list[str]) -> str:
    return f"{task.id} has no such field; it has: {', '.join(ids)}"


def _read(field: InputField, given: Given, model: str) -> Any:
    return given[field.id] if field.reads is None else READERS[field.reads](field, given, model)


def _put(body: Body, place: str, value: Any, field: str) -> None:
    """Set what stands at a place; what belongs to a place that ends in ``*`` is merged there."""
    *steps, last = place.split(".")
    inside = body
    for step in steps:
        inside = inside.setdefault(step, {})
    for name, it in value.items() if last == "*" else [(last, value)]:
        if name in inside:
            message = f"sets {place.replace('*', name)}, which was given beside it"
            raise InvalidInput(f"{field}: {message}", [FieldError(field, message)])
        inside[name] = it


def _ligand(field: InputField, given: Given, model: str) -> Any:
    name = given.get("ligand_name")
    return [{"smiles": given[field.id]} | ({"name": name} if name else {})]


def _chain(field: InputField, given: Given, model: str) -> Any:
    return [{"kind": "protein", "sequence": given[field.id]}]


def _compounds(field: InputField, given: Given, model: str) -> Any:
    """One SMILES a line, with a name behind it where there is one."""
    text, most = str(given[field.id]), given.get("max_compounds")
    count = sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    if isinstance(most, int) and count > most:
        raise _wrong(field, f"has {count} compounds; max_compounds is {most}")
    return {"format": "smi", "content": text}


def _ligands(field: InputField, given: Given, model: str) -> Any:
    return [{"smiles": it} if isinstance(it, str) else it for it in _listed(field, given)]


def _variants(field: InputField, given: Given, model: str) -> Any:
    """The variants and, last, what they are compared with."""
    wild_type: JsonValue = {"name": WILD_TYPE, "sequence": given["wildtype_sequence"]}
    return [*_listed(field, given), wild_type]


def _choice(field: InputField, given: Given, model: str) -> Any:
    """What the choice means to the model; nothing, if it is the default."""
    chosen = next(option for option in field.options if option.value == given[field.id])
    if chosen.value == field.default_value:
        return {}
    if model not in chosen.sets:
        raise _wrong(field, f"{model} knows {field.default_value} only")
    return chosen.sets[model]


def _listed(field: InputField, given: Given) -> list[JsonValue]:
    value = given[field.id]
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise _wrong(field, "is neither a list nor the JSON text of one") from error
    if not isinstance(value, list) or not value:
        raise _wrong(field, "must be a list with an item or more")
    if field.max_length is not None and len(value) > field.max_length:
        raise _wrong(field, f"has {len(value)} items; at most {field.max_length} are accepted")
    return list(value)


def _wrong(field: InputField, message: str) -> InvalidInput:
    return InvalidInput(f"{field.id}: {message}", [FieldError(field.id, message)])


READERS: Mapping[str, Callable[[InputField, Given, str], Any]] = {
    "ligand": _ligand,
    "ligands": _ligands,
    "compounds": _compounds,
    "variants": _variants,
    "chain": _chain,
    "choice": _choice,
}
