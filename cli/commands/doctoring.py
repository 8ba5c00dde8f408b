"""``omtx doctor``."""

from dataclasses import asdict
from typing import Annotated

import typer

from cli.doctor.checks import Check, Level
from cli.doctor.examination import examine, mend
from cli.options import Home, Json
from cli.output import note, print_json, show, wants_json
from cli.text import cell
from shared.settings import settings

Mend = Annotated[
    bool, typer.Option("--mend", help="Delete what killed processes left behind; only while no server runs.")
]


def doctor(mend_it: Mend = False, home: Home = None, as_json: Json = False) -> None:
    """Say what is wrong with this installation and how to mend it; exit code 1 if something fails."""
    folder = settings().home
    mended = mend(folder) if mend_it else 0
    if mended is None:
        note("a server works on this home: nothing was mended")
    found = list(examine(folder))
    failed = any(check.level is Level.FAIL for check in found)
    if wants_json(as_json):
        told = [asdict(check) for check in found]
        print_json({"ok": not failed, "home": str(folder), "mended": mended or 0, "checks": told})
    else:
        if mended:
            show(cell(f"deleted {mended} leftovers"))
        show(*(cell(_line(check)) for check in found))
    if failed:
        raise typer.Exit(1)


def _line(check: Check) -> str:
    mending = f"; {check.remedy}" if check.remedy else ""
    return f"{check.level:<5} {check.name}: {check.found}{mending}"
