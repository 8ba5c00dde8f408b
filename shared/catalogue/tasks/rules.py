"""The rules of a task's fields: as a form shows them, and as they are checked. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from shared.catalogue.tasks.task import InputField
from shared.chemistry.sequence import read_sequence

Given = Mapping[str, JsonValue]
Rule = tuple[str, Any, str]
"""The type of a rule, its value, and what is said where it is broken."""

TEXTS = ("text", "textarea", "file", "sequence", "smiles")


def rules(field: InputField) -> Iterator[Rule]:
    """The rules of a field."""
    unit = {"sequence": "residues"}.get(field.field_type, "characters")
    if field.required:
        either = f" unless {field.unless} is given" if field.unless else ""
        yield "required", True, f"must be given{either}"
    if field.min_length is not None:
        yield "min_length", field.min_length, f"must have at least {field.min_length} {unit}"
    if field.max_length is not None:
        yield "max_length", field.max_length, f"must have at most {field.max_length} {unit}"
    if field.pattern is not None:
        yield "pattern", field.pattern, field.help_text or f"must match {field.pattern}"
    if field.min_value is not None:
        yield "min_value", field.min_value, f"must be at least {field.min_value}"
    if field.max_value is not None:
        yield "max_value", field.max_value, f"must be at most {field.max_value}"
    if field.field_type == "sequence":
        yield "custom", "protein_sequence", "must be one protein sequence, plain or one FASTA record"


def broken(field: InputField, given: Given) -> Iterator[str]:
    """What is wrong with the field, in sentences; a value of the wrong type breaks no other rule."""
    value = given.get(field.id)
    if value is None or value == "":
        if field.required and not (field.unless and given.get(field.unless)):
            yield next(message for kind, _, message in rules(field) if kind == "required")
        return
    problem = _mistyped(field, value)
    if problem is not None:
        yield problem
        return
    for kind, wanted, message in rules(field):
        yield from _applied(field, value, kind, wanted, message)


def _mistyped(field: InputField, value: JsonValue) -> str | None:
    if field.field_type == "checkbox":
        return None if isinstance(value, bool) else "must be true or false"
    if field.field_type == "number":
        whole = isinstance(value, int) and not isinstance(value, bool)
        return None if whole else "must be a whole number"
    if field.field_type == "select":
        choices = [option.value for option in field.options]
        return None if value in choices else f"must be one of {', '.join(choices)}"
    if field.reads in ("ligands", "variants") and isinstance(value, list):
        return None
    if field.field_type in TEXTS and not isinstance(value, str):
        return "must be a text"
    return None


def _applied(field: InputField, value: Any, kind: str, wanted: Any, message: str) -> Iterator[str]:
    if field.field_type == "sequence":  # its lengths are those of the residues, which only the reader counts
        if kind == "custom":
            try:
                read_sequence(value)
            except ValueError as error:
                yield str(error)
        return
    if not HOLDS.get(kind, _always)(value, wanted):
        yield message


def _always(value: Any, wanted: Any) -> bool:
    return True


HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "min_length": lambda value, least: not isinstance(value, str) or len(value) >= least,
    "max_length": lambda value, most: not isinstance(value, str) or len(value) <= most,
    "pattern": lambda value, wanted: re.fullmatch(wanted, value) is not None,
    "min_value": lambda value, least: bool(value >= least),
    "max_value": lambda value, most: bool(value <= most),
}
"""What keeps a rule; the items of a list are counted where it is read."""
