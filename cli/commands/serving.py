"""Commands that run the platform: up, demo."""

import os
from typing import Annotated

import typer

from cli.commands.submitting import post
from cli.connection import hosted
from cli.demo import sample, tell
from cli.errors import CommandError
from cli.following import follow
from cli.options import Engine, Home, Params, Workers
from cli.output import note
from cli.parameters import parameters
from cli.verdict import success
from shared import wiring
from shared.settings import settings


def up(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Default 8765 (OMTX_PORT); 0 takes any free one.")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; others than 127.0.0.1 need keys (OMTX_HOST).")
    ] = None,
    workers: Workers = None,
    engine: Engine = None,
    home: Home = None,
) -> None:
    """Run the platform in the foreground, on 127.0.0.1 unless told otherwise; Ctrl-C ends it gracefully."""
    from local.gpus import NoGpu, NoPython
    from local.home import HomeInUse
    from local.runner import NoKeys
    from local.serve import serve

    if host is not None:
        os.environ["OMTX_HOST"] = host
        wiring.reset()
    chosen = settings().port if port is None else port
    try:
        serve(settings().home, port=chosen, workers=workers or settings().workers)
    except (HomeInUse, NoGpu, NoKeys, NoPython) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        where = f"{settings().host} port {chosen}"
        message = f"cannot listen on {where}: {error.strerror or error}; --port 0 takes any free one"
        raise CommandError(message) from error


def demo(param: Params = None, home: Home = None) -> None:
    """
    Dock twelve small ligands into T4 lysozyme L99A and compare the ranking with measurements.

    Runs its own server where none runs on this home. Success only if every ligand is accounted for
    and every artefact verifies.
    """
    body = sample(parameters(param or []))
    with hosted() as connection:
        accepted = post(connection, body)
        note(f"{accepted['batch_id']}: {accepted['message']}")
        last = follow(connection, accepted["batch_id"], timeout=None)
        tell(connection, last)
    success(last)
