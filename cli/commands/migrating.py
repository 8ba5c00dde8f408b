"""``omtx migrate``."""

import sys
from importlib.metadata import version
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.connection import log_to_file
from cli.errors import CommandError, Refused, Unsuccessful
from cli.options import Home, Json
from cli.output import show, wants_json
from cli.text import cell
from migration.composing import Importer
from migration.importing import Home as Ports
from migration.migrating import Deed, migrate_all, read_source
from migration.report import write_report
from migration.shelf import Shelf
from migration.verdicts import Verdict
from shared import wiring
from shared.errors import TransientError
from shared.settings import settings

SHOWN = 20
DONE = {
    Deed.IMPORT: "migrated {migrated}",
    Deed.TELL: "would migrate {migrated}",
    Deed.CHECK: "agree {migrated}",
}


def migrate(
    source: Annotated[Path, typer.Argument(help="Folder with the exported documents and objects.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Import nothing: check that it is all here and says the same.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Import nothing: report what would be imported.")
    ] = False,
    owner: Annotated[str | None, typer.Option(help="Whose the batches become; default OMTX_OWNER.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Import the batches of the older system; again, it imports only what is missing.

    docs/migration.md says what SOURCE looks like and what becomes of what. A server may run on this
    home meanwhile. Success only if nothing was an error.
    """
    deed = _deed(verify, dry_run)
    if not source.is_dir():
        raise Refused(f"source {source} is no folder")
    log_to_file()
    ports = Ports(wiring.ledger(), wiring.blobs(), wiring.bus(), wiring.clock())
    importer = Importer(owner or settings().owner, version("omtx-hub"))
    with read_source(source) as shelf:
        if shelf.is_empty:
            raise Refused(f"source {source} holds neither documents nor objects; see docs/migration.md")
        try:
            migrate_all(shelf, ports, importer, deed=deed)
        except TransientError as error:
            raise CommandError(f"{error}; run it again, what is imported stays imported") from error
        _say(shelf, {"source": str(source), "deed": deed.value, "owner": importer.owner}, deed, as_json)
        errors = shelf.totals()["errors"]
    if errors:
        raise Unsuccessful(f"{errors} documents of {source} are errors")


def _deed(verify: bool, dry_run: bool) -> Deed:
    if verify and dry_run:
        raise Refused("give one of --verify and --dry-run")
    return Deed.CHECK if verify else Deed.TELL if dry_run else Deed.IMPORT


def _say(shelf: Shelf, head: dict[str, Any], deed: Deed, as_json: bool) -> None:
    if wants_json(as_json):
        write_report(head, shelf, sys.stdout)
        return
    totals = shelf.totals()
    done = DONE[deed].format(**totals)
    counted = "documents {documents} = {} + skipped {skipped} + errors {errors}, in {batches} batches"
    show(cell(counted.format(done, **totals)))
    told = chain(shelf.findings(Verdict.ERROR), shelf.findings(Verdict.SKIPPED), shelf.stray_objects())
    for finding in islice(told, SHOWN):
        show(cell(f"{finding.verdict}: {finding.id or finding.place}: {finding.reason}"))
    more = totals["errors"] + totals["skipped"] + totals["objects_without_document"] - SHOWN
    if more > 0:
        show(cell(f"… and {more} more; --json lists all"))
