"""``omtx top``."""

import sys
import time
from typing import Annotated, Any

import typer
from rich.live import Live

from cli.connection import Connection, connected
from cli.errors import CommandError
from cli.frame import frame
from cli.options import Home, Json
from cli.output import console, print_json, show
from cli.text import cell

PATH = "/api/v3/system/activity"
REFRESH_SECONDS = 1.0


def top(
    once: Annotated[bool, typer.Option("--once", help="Print one frame and end.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show what runs, refreshed each second until Ctrl-C: batches, queues, workers, dead letters."""
    with connected() as connection:
        if as_json or not (once or sys.stdout.isatty()):
            print_json(connection.get(PATH))
        elif once:
            show(_frame(connection))
        else:
            _live(connection)


def _frame(connection: Connection) -> Any:
    return frame(connection.get(PATH), has_server=connection.has_server)


def _live(connection: Connection) -> None:
    """Until Ctrl-C; a server that restarts is waited for."""
    with Live(_frame(connection), console=console(), screen=True, auto_refresh=False) as live:
        try:
            while True:
                time.sleep(REFRESH_SECONDS)
                try:
                    live.update(_frame(connection), refresh=True)
                except CommandError as error:
                    live.update(cell(str(error)), refresh=True)
        except KeyboardInterrupt:
            return
