"""``omtx submit``."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.connection import Connection, connected, hosted
from cli.costs import estimate_table
from cli.following import follow
from cli.libraries import brought, checked
from cli.options import Home, Json, Params, Timeout
from cli.order import Screen, order, parameters
from cli.output import note, print_json, show, wants_json
from cli.text import cell, plain
from cli.verdict import success

SUBMIT = "/api/v3/batches/submit"
ESTIMATE = "/api/v3/batches/estimate"
SHOWN_REJECTED = 10
SUBMIT_SECONDS = 1800.0

Library = Annotated[
    Path, typer.Argument(help="Ligands: .csv, .tsv, .smi, .sdf or .txt, or one of these with .gz.")
]
Targets = Annotated[
    list[Path] | None,
    typer.Option(
        help="The protein: PDB or mmCIF; FASTA for a model that works on the sequence. "
        "Repeat it for several structures of it."
    ),
]
Sequence = Annotated[Path | None, typer.Option(help="Its sequence, FASTA or plain, beside a structure.")]
Box = Annotated[
    str | None, typer.Option(metavar="CX,CY,CZ,SX,SY,SZ", help="Docking box: centre and edge lengths in Å.")
]
BoxLigand = Annotated[
    Path | None, typer.Option(metavar="FILE.sdf", help="Docking box around this ligand in the pocket.")
]
BoxResidues = Annotated[
    str | None, typer.Option(metavar="A:123,A:125", help="Docking box around these residues.")
]
Key = Annotated[
    str | None, typer.Option(help="Submit at most once under this key: again, it answers the same batch.")
]


def submit(
    library: Library,
    target: Targets = None,
    sequence: Sequence = None,
    model: Annotated[str, typer.Option(help="See `omtx models`.")] = "vina",
    name: Annotated[str | None, typer.Option(help="Of the screen; default: the library's file.")] = None,
    protein_name: Annotated[str | None, typer.Option(help="Default: the target's file.")] = None,
    box: Box = None,
    box_from_ligand: BoxLigand = None,
    box_from_residues: BoxResidues = None,
    param: Params = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same answer. Default 42.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse the library if any row is invalid.")
    ] = False,
    max_cost_usd: Annotated[
        float | None, typer.Option(min=0, help="Refuse above this estimate, and end the screen at this cost.")
    ] = None,
    idempotency_key: Key = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything; say what it takes and costs; start nothing.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Return when the batch is finished.")] = False,
    timeout: Timeout = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Submit a library of ligands against a protein.

    With --wait and no server on this home, this process runs the screen itself.
    """
    given = parameters(param or [], box=box, ligand=box_from_ligand, residues=box_from_residues)
    screen = Screen(checked(library), target or [], sequence, model, name, protein_name, seed, strict)
    body = order(screen, given, {})
    if max_cost_usd is not None:
        body["configuration"] = {"max_cost_usd": max_cost_usd}
    with _connection(wait and not dry_run) as connection:
        body["library"] = brought(connection, library)
        if dry_run:
            _estimate(connection, body, as_json)
            return
        accepted = post(connection, body, idempotency_key)
        accounting, ended = accepted["accounting"], None
        if wait:
            _announce(accepted)
            ended = follow(connection, accepted["batch_id"], timeout=timeout)
            accounting = ended["accounting"]
        _answer(accepted["batch_id"], accounting, as_json)
        if not connection.has_server:
            note("no server runs here yet; start one with `omtx up`, or run it now with `omtx reconcile`")
    if ended is not None:
        success(ended)


def _connection(wait: bool) -> AbstractContextManager[Connection]:
    return hosted() if wait else connected()


def post(connection: Connection, body: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    """Submit; say on stderr which rows of the library cannot be used."""
    headers = {} if key is None else {"Idempotency-Key": key}
    accepted: dict[str, Any] = connection.post(SUBMIT, body, headers, timeout=SUBMIT_SECONDS)
    _tell_rejected(accepted["rejected"], accepted["accounting"]["invalid"])
    return accepted


def _tell_rejected(rejected: list[dict[str, Any]], invalid: int) -> None:
    for row in rejected[:SHOWN_REJECTED]:
        note(f"line {row['line']}: {plain(row['reason'])} ({plain(row['text'])})")
    if invalid > SHOWN_REJECTED:
        note(f"… and {invalid - SHOWN_REJECTED} more rows that cannot be used")


def _estimate(connection: Connection, body: dict[str, Any], as_json: bool) -> None:
    """Ask what the screen would take."""
    found: dict[str, Any] = connection.post(ESTIMATE, body, timeout=SUBMIT_SECONDS)
    if wants_json(as_json):
        print_json(found)
        return
    _tell_rejected(found["rejected"], found["counts"]["invalid"])
    show(estimate_table(found))
    for warning in found["warnings"]:
        note(plain(warning))


def _announce(accepted: dict[str, Any]) -> None:
    note(f"{accepted['batch_id']}: {accepted['message']}")


def _answer(batch_id: str, accounting: dict[str, int], as_json: bool) -> None:
    if wants_json(as_json):
        print_json({"batch_id": batch_id, "accounting": accounting})
        return
    show(cell(batch_id), cell(f"`omtx watch {batch_id}` follows it, `omtx results {batch_id}` ranks it"))
