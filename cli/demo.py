"""The sample screen: a real receptor, twelve real ligands, and their measured affinities."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omtx.files import read_text
from omtx.libraries import bundled, in_order
from rich.text import Text

from cli.connection import Connection
from cli.correlation import spearman
from cli.errors import CommandError
from cli.output import show
from cli.ranking import table
from cli.results import Row, results
from cli.text import cell
from cli.verdict import checked

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "t4l_l99a"
MEASURED = "exp_dg_kcal_mol"


def sample(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the sample's submission, as ``screen.json`` describes it; ``parameters`` win."""
    if not FOLDER.is_dir():
        raise CommandError(f"the sample screen is not here: {FOLDER} is missing")
    screen = json.loads(read_text(FOLDER / "screen.json", "sample"))
    box = json.loads(read_text(FOLDER / screen["box"], "box"))
    settled = {"box": {"center": box["center"], "size": box["size"]}, **screen["parameters"], **parameters}
    return {
        "job_name": screen["job_name"],
        "protein_name": screen["protein_name"],
        "protein_structure": read_text(FOLDER / screen["target"], "target"),
        "library": in_order(bundled(FOLDER / screen["library"])),
        "model_name": screen["model_name"],
        "parameters": settled,
        "seed": screen["seed"],
        "metadata": {"sample": FOLDER.name},
    }


def tell(connection: Connection, status: Mapping[str, Any]) -> None:
    """Print the ranked table, the accounting, the comparison with experiment, and where the files are."""
    batch_id = status["batch_id"]
    verified = connection.get(f"/api/v3/batches/{batch_id}/verify")
    confidence = connection.get(f"/api/v2/models/{status['model_name']}")["metrics"]["confidence"]
    rows = list(results(connection, batch_id).rows)
    folder = status["artefacts_folder"]  # none where objects are no files
    show(
        table(results(connection, batch_id)),
        cell(f"confidence: {confidence['meaning']}"),
        Text(),
        _comparison(rows),
        Text(),
        cell(f"verified: {verified['artefacts_checked']} artefacts hashed again"),
        *([cell(f"artefacts: {folder}")] if folder else []),
        cell(f"again: omtx results {batch_id}"),
    )
    checked(verified)


def _comparison(rows: Sequence[Row]) -> Text:
    """Spearman's ρ of score and measurement, with what both are and what it is worth."""
    pairs = [(row["affinity"], float(row["data"][MEASURED])) for row in rows if row["affinity"] is not None]
    rho = spearman([score for score, _ in pairs], [measured for _, measured in pairs])
    value = "not defined" if rho is None else f"{rho:.2f}"
    return cell(
        "Spearman rank correlation of the docking score (kcal/mol) with the measured binding free energy "
        f"(kcal/mol): {value}, n = {len(pairs)}; 1 would be the same order, 0 none. Docking ranks weakly: "
        "about 0.3 is usual on this set. Read the order as a hint where to look first."
    )
