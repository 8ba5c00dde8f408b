"""Commands that only look: list, status, watch, results, models."""

from pathlib import Path
from typing import Annotated, Any, Literal, TextIO

import typer
from omtx import Status
from omtx.progress import said
from omtx.records import ENDED
from rich.table import Table

from cli.completion import model_ids
from cli.connection import Connection, connected
from cli.costs import spent
from cli.errors import CommandError, Refused
from cli.following import follow
from cli.models import model_details, models_table
from cli.options import BatchId, Home, Json, Timeout
from cli.output import note, opened, opened_binary, print_json, show, wants_json
from cli.ranking import SHOWN, table
from cli.results import results, write_csv, write_export, write_json
from cli.text import cell
from cli.verdict import success
from shared.models.batch import BatchStatus

EXPORTED = frozenset({"sdf", "parquet", "zip"})


def list_batches(
    status: Annotated[BatchStatus | None, typer.Option(help="Only batches in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Leave out the newest so many.")] = 0,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List batches, newest first."""
    with connected() as connection:
        wanted = status.value if status else None
        found = connection.get("/api/v3/batches/", limit=limit, offset=offset, status=wanted)
    if wants_json(as_json):
        print_json(found)
    else:
        show(_batch_table(found["batches"]))


def _batch_table(batches: list[dict[str, Any]]) -> Table:
    drawn = Table("batch", "name", "model", "status", "done", "failed", "of", "created")
    for batch in batches:
        counts = (batch["completed_jobs"], batch["failed_jobs"], batch["total_jobs"])
        names = (batch["batch_id"], batch["name"], batch["model_name"], batch["status"])
        drawn.add_row(*map(cell, (*names, *counts, batch["created_at"][:16].replace("T", " "))))
    return drawn


def status(batch_id: BatchId, home: Home = None, as_json: Json = False) -> None:
    """Show how a batch stands: its state, its accounting, its first jobs."""
    with connected() as connection:
        found = connection.get(f"/api/v3/batches/{batch_id}/status")
    if wants_json(as_json):
        print_json(found)
        return
    show(
        cell(f"{found['batch_name']} ({found['batch_id']}): {found['status']}"),
        cell(f"{found['protein_name']}, model {found['model_name']}; {said(Status.of(found))}"),
        cell(found["accounting_sentence"]),
        cell(spent(found["cost"])),
    )
    if found["cost"]["limit_reached"]:
        show(cell(found["cost"]["limit_reached"]))
    if found["artefacts_folder"]:
        show(cell(f"artefacts: {found['artefacts_folder']}"))


def watch(batch_id: BatchId, timeout: Timeout = None, home: Home = None, as_json: Json = False) -> None:
    """Follow a batch until it is finished."""
    with connected() as connection:
        if not connection.has_server:
            _refuse_to_wait(connection.get(f"/api/v3/batches/{batch_id}/status", page_size=1))
        last = follow(connection, batch_id, timeout=timeout)
    if wants_json(as_json):
        print_json(last)
    else:
        show(cell(last["accounting_sentence"]))
    success(last)


def _refuse_to_wait(found: dict[str, Any]) -> None:
    if found["status"] not in ENDED:
        raise CommandError(
            f"batch {found['batch_id']} is {found['status']} and no server runs that could finish it; "
            "start one with `omtx up`, or finish the batch with `omtx reconcile`"
        )


def batch_results(
    batch_id: BatchId,
    form: Annotated[
        Literal["table", "csv", "json", "sdf", "parquet", "zip"] | None,
        typer.Option("--format", help="Default: as FILE ends; table on a terminal, else json."),
    ] = None,
    top: Annotated[int | None, typer.Option(min=1, help="Only the best so many.")] = None,
    pocket: Annotated[
        Literal["in", "out"] | None, typer.Option(help="Only poses in, or out of, the pocket asked for.")
    ] = None,
    structures: Annotated[bool, typer.Option("--structures", help="In a zip: every structure too.")] = False,
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="Write to this file.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Show the results of a batch, best first; of a running one, what there is so far.

    sdf holds the best pose of each ranked ligand, zip the table, the summary and the manifest; these and
    parquet there are once the batch is finished.
    """
    chosen = form or ("json" if wants_json(as_json) and output is None else _form_of(output))
    _fits(chosen, top=top, structures=structures, pocket=pocket)
    with connected() as connection:
        if chosen in EXPORTED:
            with opened_binary(output) as target:
                write_export(connection, batch_id, chosen, target, structures=structures)
            return
        with opened(output) as file:
            _write(connection, batch_id, chosen, file, top=top, pocket=pocket)


def _write(
    connection: Connection,
    batch_id: str,
    form: str,
    file: TextIO,
    *,
    top: int | None,
    pocket: Literal["in", "out"] | None,
) -> None:
    if form == "csv":
        write_csv(connection, batch_id, file, top=top)
        return
    found = results(connection, batch_id, top=top, pocket=pocket)
    if form == "json":
        write_json(found, file)
    else:
        show(table(found, most=top or SHOWN), file=file)
        note(spent(found.head["cost"]))


def _fits(form: str, *, top: int | None, structures: bool, pocket: str | None) -> None:
    """Refuse options that the format does not know."""
    if top is not None and form in EXPORTED:
        raise Refused(f"--top does not go with {form}, which holds all; it does with table, csv and json")
    if pocket is not None and form in (*EXPORTED, "csv"):
        raise Refused(f"--pocket does not go with {form}, which holds all; it does with table and json")
    if structures and form != "zip":
        raise Refused(f"--structures goes with --format zip, not with {form}")


def _form_of(output: Path | None) -> str:
    suffix = output.suffix.lower().removeprefix(".") if output else ""
    return suffix if suffix in {"csv", "json", *EXPORTED} else "table"


def models(
    model_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Show one in detail.", autocompletion=model_ids)
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List the models: what each computes, in which unit, which way is good, and its parameters."""
    with connected() as connection:
        path = f"/api/v2/models/{model_id}" if model_id else "/api/v2/models"
        found = connection.get(path)
    if wants_json(as_json):
        print_json(found)
    else:
        show(model_details(found) if model_id else models_table(found["models"]))
