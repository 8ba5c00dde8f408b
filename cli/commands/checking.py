"""``omtx check``: what is in a library, before anything is computed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from omtx.libraries import checked
from rich.table import Table

from cli.errors import Refused
from cli.filters import molecule_filters
from cli.options import Filters, Json
from cli.output import note, print_json, show, wants_json
from cli.text import cell, rejection
from services.submit.filters import MoleculeFilters
from services.submit.forms import form_of_name
from services.submit.request import read_value
from services.submit.source import Limits
from services.submit.survey import Survey, survey
from shared.catalogue.entry import entry
from shared.errors import InvalidInput
from shared.settings import settings

PIECE = 1 << 16
FINDINGS = {
    "duplicates": "rows that hold the molecule of an earlier row; it is computed once",
    "salts_or_mixtures": "salts or mixtures; a model may use the largest fragment only",
    "undefined_stereo": "with stereo centres or double bonds left open; the model picks one",
    "charged": "with a net charge",
    "without_carbon": "without a carbon atom",
    "too_large_for_model": "larger than the model takes",
}


def check(
    library: Annotated[Path, typer.Argument(help="Ligands: .csv, .tsv, .smi, .sdf, .txt; also with .gz.")],
    model: Annotated[str | None, typer.Option(help="Also check what this model takes.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail if any row cannot be used.")] = False,
    filter: Filters = None,
    as_json: Json = False,
) -> None:
    """
    Report the chemistry of a library without submitting it; no server is needed.

    Which rows cannot be used and why, which the filters leave out, what repeats, salts, open stereo,
    charges, sizes.
    """
    path = checked(library)
    try:
        limit = entry(model).most_heavy_atoms if model else None
        found = survey(
            _pieces(path),
            form_of_name(path.name),
            Limits.of(settings()),
            most_heavy_atoms=limit,
            filters=_filters(filter or []),
        )
    except (InvalidInput, ValueError) as error:
        raise Refused(f"library {path}: {error}" if isinstance(error, ValueError) else str(error)) from error
    if wants_json(as_json):
        print_json({"library": str(path), **found.as_dict()})
    else:
        _tell(path, found)
    _judge(found, strict)


def _filters(given: list[str]) -> MoleculeFilters:
    return read_value(molecule_filters(given) or {}, MoleculeFilters)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(PIECE), b"")


def _tell(path: Path, found: Survey) -> None:
    report = found.report
    for row in found.rejected:
        note(rejection(row.model_dump()))
    more = report["invalid"] + report["filtered"] - len(found.rejected)
    if more:
        note(f"… and {more} more rows that are not computed")
    counts = f"{path}: {report['submitted']} rows, {report['valid']} ligands, {report['invalid']} unusable"
    show(cell(counts + (f", {report['filtered']} filtered out" if report["filters"] else "")))
    show(_table(report))


def _table(report: dict[str, Any]) -> Table:
    drawn = Table("ligands", "what", "for example")
    for name, meaning in FINDINGS.items():
        if name in report and report[name]["count"]:
            examples = ", ".join(f"{it['name']} (line {it['line']})" for it in report[name]["examples"])
            drawn.add_row(str(report[name]["count"]), meaning, cell(examples))
    for name, left_out in report["filters"].items():
        examples = ", ".join(f"{it['name']} (line {it['line']})" for it in left_out["examples"])
        drawn.add_row(str(left_out["count"]), cell(f"filtered out by {name}"), cell(examples))
    if report["heavy_atoms"]:
        sizes = report["heavy_atoms"]
        spread = f"heavy atoms: {sizes['min']} to {sizes['max']}, median {sizes['median']}"
        drawn.add_row(str(report["valid"]), spread, "")
    return drawn


def _judge(found: Survey, strict: bool) -> None:
    if not found.report["valid"]:
        left = "is left by the filters" if found.report["filtered"] else "can be used"
        raise Refused(f"no row of the library {left}")
    if strict and found.report["invalid"]:
        raise Refused(f"{found.report['invalid']} rows cannot be used, and the check is strict")
