"""The lines of a run's ``logs.txt``, as records. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

# As modal_gpu/recording.py writes them: seconds since the run began, and a level above INFO with its source.
SAID = re.compile(r"\[\s*([0-9]+\.[0-9]+) s\] (?:(DEBUG|WARNING|ERROR|CRITICAL) (\S+): )?(.*)")
LEVELS = {"WARNING": "warning", "ERROR": "error", "CRITICAL": "error"}


def lines(text: str, started: datetime | None, *, app: str, call: str | None) -> Iterator[dict[str, Any]]:
    """
    One record a line, empty ones left out.

    A line that tells no time of its own has no timestamp; ``source`` is ``head`` for what was asked,
    ``run`` for what was said and ``end`` for how it ended.
    """
    source = "head"
    for line in text.splitlines():
        if line.startswith("-" * 20):
            source = "end" if line.endswith(" end") else "run"
            continue
        if line.strip():
            yield {**_record(line, source, started), "app_id": app, "execution_id": call, "raw_line": line}


def _record(line: str, source: str, started: datetime | None) -> dict[str, Any]:
    found = SAID.fullmatch(line) if source == "run" else None
    if found is None:
        failed = source == "end" and re.match(r"failed after |[a-z_]+: ", line)
        level, at, name, message = "error" if failed else "info", None, None, line
    else:
        seconds, marked, name, message = found.groups()
        level = LEVELS.get(marked or "", "info")
        at = started + timedelta(seconds=float(seconds)) if started else None
    return {
        "timestamp": at.isoformat() if at else None,
        "level": level,
        "message": message,
        "source": source,
        "function_name": name,
    }
