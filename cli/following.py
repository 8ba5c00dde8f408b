"""Following a batch to its end: polling that slows down, and a progress bar or plain lines."""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from cli.connection import Connection
from cli.errors import CommandError, StillRunning
from cli.text import duration, plain

FIRST_POLL_SECONDS, LAST_POLL_SECONDS, SLOWER = 0.2, 2.0, 1.2
SILENCE_SECONDS = 30.0
LINE_SECONDS = 10.0
ENDED = frozenset({"completed", "failed", "cancelled"})

Status = dict[str, Any]


def follow(connection: Connection, batch_id: str, *, timeout: float | None) -> Status:
    """
    Show how the batch goes, until it is finished; its last status.

    Raises:
        StillRunning: it is not finished after ``timeout`` seconds.
        CommandError: the server was silent for half a minute.
    """
    statuses = _statuses(connection, batch_id, timeout)
    return _bar(statuses) if sys.stderr.isatty() else _lines(statuses)


def _statuses(connection: Connection, batch_id: str, timeout: float | None) -> Iterator[Status]:
    """Statuses as they are polled; the last one is that of a finished batch."""
    until = None if timeout is None else time.monotonic() + timeout
    ask = _patient(lambda: connection.get(f"/api/v3/batches/{batch_id}/status", page_size=1))
    pause = FIRST_POLL_SECONDS
    while (status := ask())["status"] not in ENDED:
        yield status
        if until is not None and time.monotonic() + pause > until:
            message = f"batch {batch_id} is {status['status']} after {timeout:g} s and lives on"
            raise StillRunning(f"{message}; `omtx watch {batch_id}` follows it again")
        time.sleep(pause)
        pause = min(LAST_POLL_SECONDS, pause * SLOWER)
    yield status


def _patient(ask: Callable[[], Status]) -> Callable[[], Status]:
    """The same question, asked again while a server restarts; a refusal is final at once."""

    def asked() -> Status:
        since = time.monotonic()
        while True:
            try:
                return ask()
            except CommandError as error:
                if error.code != CommandError.code or time.monotonic() - since > SILENCE_SECONDS:
                    raise
                time.sleep(1)

    return asked


def _bar(statuses: Iterator[Status]) -> Status:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task: TaskID | None = None
        for status in statuses:
            if task is None:
                task = progress.add_task(plain(status["batch_name"]), said="")
            total = status["progress"]["total"]
            progress.update(task, total=total, completed=_settled(status), said=said(status))
    return status


def _lines(statuses: Iterator[Status]) -> Status:
    """A line at the beginning, at the end, and every ten seconds."""
    next_line = 0.0
    for status in statuses:
        if time.monotonic() >= next_line or status["status"] in ENDED:
            next_line = time.monotonic() + LINE_SECONDS
            total = status["progress"]["total"]
            line = f"{status['status']}: {_settled(status)} of {total} settled, {said(status)}"
            print(line, file=sys.stderr, flush=True)
    return status


def said(status: Status) -> str:
    """Done, failed and running ligands, the rate, and the time to the end."""
    progress = status["progress"]
    parts = [
        f"{progress['completed']} done",
        f"{progress['failed']} failed",
        f"{progress['running']} running",
    ]
    rate, left = status["performance_metrics"]["jobs_per_minute"], status["estimated_completion"]
    if rate is not None:
        parts.append(f"{rate:.1f}/min")
    if left:
        parts.append(f"{duration(left)} left")
    return " · ".join(parts)


def _settled(status: Status) -> int:
    accounting = status["accounting"]
    open_rows: int = accounting["pending"] + accounting["queued"] + accounting["running"]
    settled: int = accounting["submitted"] - open_rows
    return settled
