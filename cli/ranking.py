"""Results as a person reads them: ranked rows with the figures that say something, and one row alone."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from cli.results import Results, Row
from cli.text import cell
from shared.catalogue.tasks.asking import WILD_TYPE

SHOWN = 50
MOST_FIGURES = 6
MOST_CHANGES = 4


def table(found: Results, *, most: int = SHOWN) -> RenderableType:
    """The ranked table, with a line for each row that has no figures, and the accounting below."""
    rows = list(itertools.islice(found.rows, most))
    drawn = [row for row in rows if row["rank"] or row["status"] == "completed"]
    pieces: list[RenderableType] = [_ranked(found.head["ranking"], drawn)]
    pieces += [cell(_unranked(row)) for row in rows if row not in drawn]
    left = found.head["batch_summary"]["total_jobs"] - len(rows)
    if left > 0 and len(rows) == most:
        pieces.append(cell(f"… and {left} more; --top N or --output FILE shows them"))
    if any(row["test_model"] for row in rows):
        pieces.append(cell("These figures are those of a test model: they say nothing about the ligands."))
    if found.head["partial"]:
        pieces.append(cell(f"The batch is {found.head['batch_summary']['status']}; this is what there is."))
    return Group(*pieces, cell(found.head["accounting_sentence"]))


def figures(row: Row, model: Mapping[str, Any]) -> RenderableType:
    """The figures of one row that are there, each with its unit and direction."""
    drawn = Table("figure", "value", "unit", "direction", title=cell(row["ligand_name"]))
    for key, metric in model["metrics"].items():
        value = row["metrics"].get(key)
        if value is not None:
            drawn.add_row(*map(cell, (metric["label"], value, metric["unit"], metric["direction"])))
    return drawn if drawn.row_count else cell(_unranked(row))


def _ranked(ranking: Mapping[str, Any], rows: Sequence[Row]) -> Table:
    """Ligands with the figure that ranks and the confidence; whatever else with all that it has."""
    key = ranking["key"]
    with_smiles = any(row["ligand_smiles"] is not None for row in rows)
    variants = bool(rows) and all(row["kind"] == "variant" for row in rows)
    shown = [key, "confidence"] if with_smiles or not rows else _figures(key, rows)
    drawn = Table()
    drawn.add_column("rank", justify="right")
    drawn.add_column("ligand" if with_smiles else "name", overflow="fold")
    for name in shown:
        drawn.add_column(
            f"{key}\n{ranking['unit']}\n{ranking['direction']}" if name == key else name, justify="right"
        )
    if with_smiles or variants:
        drawn.add_column("SMILES" if with_smiles else "changes", overflow="fold")
    wild_type = next((row["item"]["sequence"] for row in rows if _is_wild_type(row)), None)
    for row in rows:
        cells = [row["rank"], row["ligand_name"], *(_figure(row, name) for name in shown)]
        cells += [row["ligand_smiles"]] if with_smiles else []
        cells += [changes(row["item"]["sequence"], wild_type)] if variants else []
        drawn.add_row(*map(cell, cells))
    return drawn


def _figures(key: str, rows: Iterable[Row]) -> list[str]:
    """The figures, numbers only, that any row has: the one that ranks first, then in the model's order."""
    names = dict.fromkeys([key, "confidence"])
    for row in rows:
        names |= dict.fromkeys(row["metrics"])
    numbers = [it for it in names if any(isinstance(_figure(row, it), int | float) for row in rows)]
    return numbers[:MOST_FIGURES]


def _figure(row: Row, name: str) -> Any:
    return row["metrics"].get(name, row.get(name))


def _is_wild_type(row: Row) -> bool:
    return (row["kind"], row["ligand_name"]) == ("variant", WILD_TYPE)


def changes(sequence: str, wild_type: str | None) -> str:
    """``A99L`` for each residue that differs, counted from 1; only the length where that differs."""
    if wild_type is None or len(sequence) != len(wild_type):
        return f"{len(sequence)} residues"
    pairs = enumerate(zip(wild_type, sequence, strict=True), start=1)
    found = [f"{old}{place}{new}" for place, (old, new) in pairs if old != new]
    more = [f"… {len(found) - MOST_CHANGES} more"] if len(found) > MOST_CHANGES else []
    return ", ".join(found[:MOST_CHANGES] + more)


def _unranked(row: Row) -> str:
    reason = f": {row['error']['message']}" if row["error"] else ""
    named = row["ligand_name"] or row["ligand_smiles"] or row["item"].get("text", "")
    return f"line {row['line']}, {named}: {row['status']}{reason}"
