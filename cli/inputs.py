"""What a user fills into the form of a task, on the command line."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cli.parameters import read_object, split_pair

VALUES = frozenset({"number", "checkbox"})


def read_input(form: Mapping[str, Any], pairs: Sequence[str], file: Path | None) -> dict[str, Any]:
    """
    The input of a task; a pair wins over the file. ``KEY=@FILE`` stands for the text of a file.

    Numbers and switches are read as such, everything else as text: a sequence or a SMILES may look like
    anything. What is wrong with it is for the task to say.
    """
    kinds = {field["id"]: field["field_type"] for field in form["input_fields"]}
    given = read_object(file, "input") if file else {}
    for pair in pairs:
        name, value = split_pair(pair, "--input")
        given[name] = _value(value) if kinds.get(name) in VALUES else value
    return given


def _value(text: str) -> Any:
    try:
        return json.loads(text.lower())
    except ValueError:
        return text
