"""One frame of ``omtx top``: what the system does at this moment, as a terminal shows it."""

from collections.abc import Mapping, Sequence
from typing import Any

from omtx.text import duration
from rich.console import Group, RenderableType
from rich.table import Table

from cli.text import cell

SHOWN_RUNS = 16
NARROW = 100
LONGEST_ERROR = 400
COLUMNS = ("batch", "name", "status", "done", "failed", "running", "of", "%", "per min", "left")
LEFT_OUT = ("name", "running", "%")

Activity = Mapping[str, Any]


def frame(activity: Activity, *, has_server: bool, width: int) -> Group:
    """Batches, queues, workers, dead letters and why the last ones lie there; ``width`` in characters."""
    server = "" if has_server else "; no server runs on this home, so nothing moves"
    pieces: list[RenderableType] = [
        cell(f"omtx top, {activity['timestamp'][:19].replace('T', ' ')} UTC{server}"),
        _batches(activity["batches"], width < NARROW) if activity["batches"] else cell("no batch is active"),
    ]
    if activity["has_more"]:
        pieces.append(cell("… and more batches"))
    pieces += [_queues(activity["queues"]), *_workers(activity["engine"])]
    letters = activity["dead_letters"]["open"]
    pieces.append(cell(f"dead letters: {letters} open{'; see `omtx dead-letters`' if letters else ''}"))
    return Group(*pieces, *map(_error, activity["dead_letters"]["last"]))


def _batches(batches: Sequence[Mapping[str, Any]], narrow: bool) -> Table:
    """In a narrow terminal, without what can be asked for by the batch's id."""
    left_out = LEFT_OUT if narrow else ()
    drawn = Table(*(name for name in COLUMNS if name not in left_out), pad_edge=not narrow)
    for batch in batches:
        row = zip(COLUMNS, _row(batch), strict=True)
        drawn.add_row(*(cell(value) for name, value in row if name not in left_out))
    return drawn


def _row(batch: Mapping[str, Any]) -> tuple[Any, ...]:
    counts = (batch[f"{kind}_jobs"] for kind in ("completed", "failed", "running", "total"))
    left = batch["estimated_completion_seconds"]
    pace = (batch["percentage"], batch["jobs_per_minute"], None if left is None else duration(left))
    return batch["batch_id"], batch["name"], batch["status"], *counts, *pace


def _error(letter: Mapping[str, Any]) -> RenderableType:
    trace = f", trace {letter['trace']}" if letter["trace"] else ""
    about = letter["job_id"] or letter["batch_id"] or "nothing that it names"
    line = cell(f"  {letter['last_parked_at'][11:19]} {letter['topic']}, {about}{trace}: {letter['reason']}")
    line.truncate(LONGEST_ERROR, overflow="ellipsis")
    return line


def _queues(queues: Sequence[Mapping[str, Any]]) -> Table:
    drawn = Table("queue", "messages", "oldest due for")
    for queue in queues:
        age = queue["oldest_due_seconds"]
        told = queue["messages"] is not None
        count = f"{queue['messages']}{'+' if queue['more'] else ''}" if told else "unknown"
        due = "" if told else "unknown"
        drawn.add_row(*map(cell, (queue["subscription"], count, due if age is None else duration(age))))
    return drawn


def _workers(engine: Mapping[str, Any]) -> list[RenderableType]:
    if engine["workers"] is None:
        return [cell("runs: at Modal, whose dashboard shows them")]
    head = f"workers: {engine['busy']} of {engine['workers']} busy, {engine['waiting_runs']} runs wait"
    shown = engine["runs"][:SHOWN_RUNS]
    lines = [cell(head), *(cell(f"  {_run(run)}") for run in shown)]
    more = len(engine["runs"]) - len(shown)
    return [*lines, *([cell(f"  … and {more} more")] if more > 0 else [])]


def _run(run: Mapping[str, Any]) -> str:
    since = "" if run["seconds"] is None else f", for {duration(run['seconds'])}"
    return f"{run['ligand_name']} ({run['model_name']}, {run['batch_id']}){since}"
