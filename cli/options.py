"""Options that several commands share."""

import os
from pathlib import Path
from typing import Annotated

import typer

from cli.completion import batch_ids
from shared import wiring

ENGINES = ("pool", "local-gpu", "modal")


def _use_home(home: Path | None) -> Path | None:
    """The settings of this process and of what it starts name this home from now on."""
    if home is not None:
        os.environ["OMTX_HOME"] = str(home)
        wiring.reset()
    return home


def use_key_file(
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", help="A file that holds the API key (OMTX_KEY_FILE; or OMTX_API_KEY)."),
    ] = None,
) -> None:
    """Screen a library of ligands against a protein: exact, ranked, reproducible."""
    if key_file is not None:
        os.environ["OMTX_KEY_FILE"] = str(key_file)


def _use_engine(engine: str | None) -> str | None:
    """The same for the engine."""
    if engine is not None and engine not in ENGINES:
        raise typer.BadParameter(f"there are: {', '.join(ENGINES)}")
    if engine is not None:
        os.environ["OMTX_ENGINE"] = engine
        wiring.reset()
    return engine


Home = Annotated[
    Path | None,
    typer.Option(
        "--home", help="State folder (OMTX_HOME, default .omtx).", callback=_use_home, is_eager=True
    ),
]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="|".join(ENGINES),
        help="Where models run: here, at Modal, or on this machine's GPU as well (OMTX_ENGINE).",
        callback=_use_engine,
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
Filters = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="FILTER",
        help="Leave out what is not wanted; repeat it for several. lipinski, lipinski:0, PAINS, BRENK, NIH "
        "and other catalogues, mol_wt<=500, tpsa=20..140, 'reject:SMARTS NAME', 'require:SMARTS NAME', "
        "@FILE.json.",
    ),
]
Workers = Annotated[int | None, typer.Option("--workers", min=1, max=256, help="Worker processes.")]
