"""Options that several commands share."""

import os
from pathlib import Path
from typing import Annotated

import typer

from cli.completion import batch_ids
from shared import wiring


def _use_home(home: Path | None) -> Path | None:
    """The settings of this process and of what it starts name this home from now on."""
    if home is not None:
        os.environ["OMTX_HOME"] = str(home)
        wiring.reset()
    return home


Home = Annotated[
    Path | None,
    typer.Option(
        "--home", help="State folder (OMTX_HOME, default .omtx).", callback=_use_home, is_eager=True
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, as is done where stdout is no terminal.")]
BatchId = Annotated[
    str,
    typer.Argument(metavar="ID", help="The batch, as `omtx submit` printed it.", autocompletion=batch_ids),
]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", min=0, help="Stop waiting after this many seconds; the batch lives on."),
]
Params = Annotated[
    list[str] | None,
    typer.Option(
        "--param", metavar="KEY=VALUE", help="A parameter of the model (`omtx models ID` lists them)."
    ),
]
Workers = Annotated[int | None, typer.Option("--workers", min=1, max=256, help="Worker processes.")]
