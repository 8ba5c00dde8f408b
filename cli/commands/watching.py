"""``omtx top``."""

import sys
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.live import Live

from cli.connection import Connection, connected
from cli.errors import CommandError
from cli.frame import frame
from cli.keys import pressed
from cli.options import Home, Json
from cli.output import console, print_json, show
from cli.text import cell

PATH = "/api/v3/system/activity"
Interval = Annotated[float, typer.Option("--interval", min=0.2, max=60, help="Seconds from frame to frame.")]


def top(
    once: Annotated[bool, typer.Option("--once", help="Print one frame and end.")] = False,
    interval: Interval = 1.0,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show what runs until q or Ctrl-C: batches, queues, workers, dead letters and the last errors."""
    with connected() as connection:
        if as_json or not (once or sys.stdout.isatty()):
            print_json(connection.get(PATH))
        elif once:
            show(_frame(connection))
        else:
            _live(connection, interval)


def _frame(connection: Connection) -> RenderableType:
    width = console().width
    return frame(connection.get(PATH), has_server=connection.has_server, width=width)


def _live(connection: Connection, interval: float) -> None:
    """A server that restarts is waited for."""
    with pressed() as keys, Live(console=console(), screen=True, auto_refresh=False) as live:
        try:
            while True:
                live.update(_shown(connection), refresh=True)
                if keys.quit_within(interval):
                    return
        except KeyboardInterrupt:
            return


def _shown(connection: Connection) -> RenderableType:
    try:
        return _frame(connection)
    except CommandError as error:
        return cell(str(error))
