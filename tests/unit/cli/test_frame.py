"""A frame of ``omtx top`` as text."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from cli.frame import frame


def drawn(queue: dict[str, Any]) -> str:
    """The line of one queue of a system that does nothing else."""
    activity = {
        "timestamp": "2026-01-01T12:00:00+00:00",
        "batches": [],
        "has_more": False,
        "queues": [{"subscription": "dispatch-job-queued", **queue}],
        "engine": {"workers": 2, "busy": 0, "waiting_runs": 0, "runs": []},
        "dead_letters": {"open": 0, "last": []},
    }
    console = Console(width=120, file=StringIO())
    with console.capture() as shown:
        console.print(frame(activity, has_server=True, width=120))
    [line] = [line for line in shown.get().splitlines() if "dispatch-job-queued" in line]
    return line


@pytest.mark.parametrize(
    ("messages", "more", "age", "cells"),
    [
        (0, False, None, ["0", ""]),
        (3, False, 5.0, ["3", "5 s"]),
        (100_000, True, 61.0, ["100000+", "1 min 1 s"]),
        (None, False, None, ["unknown", "unknown"]),
    ],
)
def test_a_queue_that_nobody_can_count_is_not_shown_as_empty(
    messages: int | None, more: bool, age: float | None, cells: list[str]
) -> None:
    line = drawn({"messages": messages, "more": more, "oldest_due_seconds": age})
    assert [cell.strip() for cell in line.split("│")[2:4]] == cells
