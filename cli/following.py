"""Following a batch to its end: a progress bar, or plain lines where nobody sits at a terminal."""

import sys
import time
from typing import Any

from omtx import Status
from omtx.progress import Show, said, terminal

from cli.connection import Connection
from cli.errors import explained

LINE_SECONDS = 10.0


def follow(connection: Connection, batch_id: str, *, timeout: float | None) -> dict[str, Any]:
    """
    Show how the batch goes, until it is finished; its last status.

    Raises:
        StillRunning: it is not finished after ``timeout`` seconds.
        CommandError: the server was silent for half a minute.
    """
    screen = connection.screen(batch_id)
    with explained():
        if not sys.stderr.isatty():
            return dict(screen.wait(timeout, progress=_lines()).raw)
        with terminal() as show:
            return dict(screen.wait(timeout, progress=show).raw)


def _lines() -> Show:
    """A line at the beginning, at the end, and every ten seconds."""
    next_line = 0.0

    def show(status: Status) -> None:
        nonlocal next_line
        if time.monotonic() >= next_line or status.is_over:
            next_line = time.monotonic() + LINE_SECONDS
            counts = status.accounting
            line = f"{status.status}: {counts.settled} of {counts.submitted} settled, {said(status)}"
            print(line, file=sys.stderr, flush=True)

    return show
