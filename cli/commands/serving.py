"""Commands that run the platform: up, demo."""

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
from shared.settings import settings


def up(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Default 8765 (OMTX_PORT); 0 takes any free one.")
    ] = None,
    workers: Workers = None,
    engine: Engine = None,
    home: Home = None,
) -> None:
    """Run the platform on 127.0.0.1 in the foreground; Ctrl-C ends it gracefully."""
    from local.gpus import NoGpu, NoPython
    from local.home import HomeInUse
    from local.serve import serve

    chosen = settings().port if port is None else port
    try:
        serve(settings().home, port=chosen, workers=workers or settings().workers)
    except (HomeInUse, NoGpu, NoPython) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        message = f"cannot listen on port {chosen}: {error.strerror or error}; --port 0 takes any free one"
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
