"""The rows of an order that lists no ligands: variants of the target, shares of designs, or the target."""

import json
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from services.submit.entries import SHOWN_TEXT, Entry
from services.submit.text import shown
from shared.chemistry.sequence import read_sequence


def target(name: str) -> Iterator[Entry]:
    """The one row of an order about its target alone."""
    yield Entry(1, name, name, kind="target")


def variants(listed: Sequence[JsonValue]) -> Iterator[Entry]:
    """Rows of ``[{"name"?, "sequence"}, …]``; the line is the 1-based place in the list."""
    for line, item in enumerate(listed, start=1):
        text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
        try:
            name, sequence = _variant(item)
        except ValueError as error:
            yield Entry(line, shown(text, SHOWN_TEXT), problem=str(error), kind="variant")
            continue
        yield Entry(line, shown(text, SHOWN_TEXT), name, kind="variant", item={"sequence": sequence})


def _variant(item: JsonValue) -> tuple[str, str]:
    if not isinstance(item, Mapping):
        raise ValueError('not an object; write {"name": …, "sequence": …}')
    name, sequence = item.get("name"), item.get("sequence")
    unknown = sorted(set(item) - {"name", "sequence"})
    if unknown:
        raise ValueError(f"unknown field {', '.join(unknown)}; there are name and sequence")
    if not isinstance(sequence, str) or not sequence.strip():
        raise ValueError("has no 'sequence'")
    if not isinstance(name, str | None):
        raise ValueError("'name' is not text")
    try:
        return (name or "").strip(), read_sequence(sequence)
    except ValueError as error:
        raise ValueError(f"the sequence {error}") from error


def designs(count: int, *, per_job: int) -> Iterator[Entry]:
    """``count`` designs, dealt to jobs of ``per_job``; the last one may have fewer."""
    for line, first in enumerate(range(0, count, per_job), start=1):
        share = min(per_job, count - first)
        name = f"design {first + 1}" if share == 1 else f"designs {first + 1} to {first + share}"
        yield Entry(line, name, name, kind="design", item={"first_design": first, "designs": share})
