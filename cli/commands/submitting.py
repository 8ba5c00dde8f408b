"""``omtx submit``."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from omtx import libraries
from omtx.calls import keyed
from omtx.libraries import checked
from omtx.screens import SUBMIT, estimating
from omtx.text import plain

from cli.commands.asking import (
    Box,
    BoxLigand,
    BoxResidues,
    Designs,
    Key,
    Library,
    MaxCost,
    Model,
    Msa,
    NoCache,
    ParametersFile,
    Seed,
    Sequence,
    Targets,
    Task,
    Templates,
    UseMsa,
    Variants,
    Wait,
    WebhookEvents,
    WebhookMilestones,
    WebhookSecret,
    WebhookUrl,
)
from cli.connection import Connection, connected, hosted
from cli.costs import estimate_table
from cli.errors import explained
from cli.filters import molecule_filters
from cli.following import follow
from cli.options import Filters, Home, Json, Params, Timeout
from cli.order import Screen, order
from cli.output import note, print_json, show, wants_json
from cli.parameters import box_of, evidence_of
from cli.parameters import parameters as read_parameters
from cli.tasks import chosen_model
from cli.telling import webhook_of
from cli.text import cell, rejection
from cli.verdict import success

SHOWN_REJECTED = 10


def submit(
    library: Library = None,
    target: Targets = None,
    sequence: Sequence = None,
    variants: Variants = None,
    num_designs: Designs = None,
    task: Task = None,
    model: Model = None,
    name: Annotated[str | None, typer.Option(help="Of the batch; default: the library's file.")] = None,
    protein_name: Annotated[str | None, typer.Option(help="Default: the target's file.")] = None,
    box: Box = None,
    box_from_ligand: BoxLigand = None,
    box_from_residues: BoxResidues = None,
    msa: Msa = None,
    template: Templates = None,
    use_msa: UseMsa = None,
    param: Params = None,
    parameters: ParametersFile = None,
    seed: Seed = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse the library if any row is invalid.")
    ] = False,
    filter: Filters = None,
    max_cost_usd: MaxCost = None,
    no_cache: NoCache = False,
    idempotency_key: Key = None,
    webhook_url: WebhookUrl = None,
    webhook_event: WebhookEvents = None,
    webhook_milestone: WebhookMilestones = None,
    webhook_secret_file: WebhookSecret = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything; say what it takes and costs; start nothing.")
    ] = False,
    wait: Wait = False,
    timeout: Timeout = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Submit a library of ligands against a protein; or variants of it, or a number of designs, or it alone.

    What is computed follows from what is given, or from --task. A screen of ligands runs on vina unless
    --model names another; any other task on the model that it prefers and that runs here.
    With --wait and no server on this home, this process runs the batch itself.
    """
    given = {
        **read_parameters(param or [], parameters),
        **box_of(box, box_from_ligand, box_from_residues),
        **evidence_of(msa or [], template or []),
    }
    screen = Screen(
        checked(library) if library else None,
        *(target or [], sequence, model, name, protein_name, seed, strict),
        *(task, variants, num_designs, use_msa, molecule_filters(filter or [])),
    )
    told = webhook_of(
        webhook_url,
        events=webhook_event or (),
        milestones=webhook_milestone or (),
        secret_file=webhook_secret_file,
    )
    with _connection(wait and not dry_run) as connection:
        body = told | order(screen, given, model=chosen_model(connection, screen.task_type, model))
        body |= _terms(max_cost_usd, no_cache)
        if library is not None:
            body["library"] = brought(connection, library)
        if dry_run:
            _estimate(connection, body, as_json)
            return
        ended = _submitted(connection, body, idempotency_key, wait=wait, timeout=timeout, as_json=as_json)
    if ended is not None:
        success(ended)


def _terms(max_cost_usd: float | None, no_cache: bool) -> dict[str, Any]:
    """What an order says of its cost; only what was given."""
    limit = {} if max_cost_usd is None else {"configuration": {"max_cost_usd": max_cost_usd}}
    return limit | ({"use_cache": False} if no_cache else {})


def _submitted(
    connection: Connection,
    body: dict[str, Any],
    key: str | None,
    *,
    wait: bool,
    timeout: float | None,
    as_json: bool,
) -> dict[str, Any] | None:
    """Submit, and say what the batch is; how it ended, where that is waited for."""
    accepted, ended = post(connection, body, key), None
    if wait:
        announce(accepted)
        ended = follow(connection, accepted["batch_id"], timeout=timeout)
    answer(accepted["batch_id"], (ended or accepted)["accounting"], as_json)
    tell_of_no_server(connection)
    return ended


def _connection(wait: bool) -> AbstractContextManager[Connection]:
    return hosted() if wait else connected()


def tell_of_no_server(connection: Connection) -> None:
    """Say so where nothing runs that would compute the batch."""
    if not connection.has_server:
        note("no server runs here yet; start one with `omtx up`, or run it now with `omtx reconcile`")


def brought(connection: Connection, library: Path) -> dict[str, Any]:
    """The library as an order names it; a large or compressed one is uploaded first."""
    client = connection.client
    with explained():
        return client.run(libraries.brought(client.session, libraries.bundled(library)))


def post(connection: Connection, body: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    """Submit, once; say on stderr which rows of the library are not computed."""
    accepted: dict[str, Any] = connection.ask(keyed(SUBMIT, body, uuid4().hex if key is None else key))
    _tell_rejected(accepted["rejected"], accepted["accounting"])
    return accepted


def _tell_rejected(rejected: list[dict[str, Any]], counts: dict[str, int]) -> None:
    for row in rejected[:SHOWN_REJECTED]:
        note(rejection(row))
    more = counts["invalid"] + counts["filtered"] - SHOWN_REJECTED
    if more > 0:
        note(f"… and {more} more rows that are not computed")
    if counts["filtered"]:
        note(f"in all {counts['invalid']} rows cannot be used, and {counts['filtered']} were filtered out")


def _estimate(connection: Connection, body: dict[str, Any], as_json: bool) -> None:
    """Ask what the screen would take."""
    found: dict[str, Any] = connection.ask(estimating(body))
    if wants_json(as_json):
        print_json(found)
        return
    _tell_rejected(found["rejected"], found["counts"])
    show(estimate_table(found))
    for warning in found["warnings"]:
        note(plain(warning))


def announce(accepted: dict[str, Any]) -> None:
    """Say on stderr what was accepted."""
    note(f"{accepted['batch_id']}: {accepted['message']}")


def answer(batch_id: str, accounting: dict[str, int], as_json: bool) -> None:
    """The id of a batch, and how to go on."""
    if wants_json(as_json):
        print_json({"batch_id": batch_id, "accounting": accounting})
        return
    show(cell(batch_id), cell(f"`omtx watch {batch_id}` follows it, `omtx results {batch_id}` ranks it"))
