"""
What a notebook shows: HTML in which every text of a user is escaped, and no script.

Molecules are drawn by RDKit where it is installed. Elsewhere the browser asks the server for a drawing,
unless that would take a key, which a page does not have; the SMILES stand there then.
"""

from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from omtx.records import Status
    from omtx.rows import Row, Rows

SHOWN_ROWS = 50
SHOWN_FIGURES = 6
LONGEST_DRAWN = 400
WIDTH, HEIGHT = 160, 110
BAR = "display:inline-block;width:16em;height:.7em;background:#ddd;border-radius:.3em;overflow:hidden"
FILLED = "display:block;height:100%;background:#4a7;width:{share:.1f}%"


def rows_html(rows: "Rows") -> str:
    """A table of the first rows, with their molecules and figures."""
    names = rows.names[:SHOWN_FIGURES]
    heads = ["rank", "molecule", "name", *(_head(rows, name) for name in names)]
    lines = [_line(row, names, rows.server) for row in rows.rows[:SHOWN_ROWS]]
    left = len(rows) - SHOWN_ROWS
    more = f"<p>… and {left} more</p>" if left > 0 else ""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in line)}</tr>" for line in lines)
    head = "".join(f"<th>{cell}</th>" for cell in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def status_html(screen_id: str, status: "Status | None") -> str:
    """A screen: its name, its state, and how far it is, as last seen."""
    if status is None:
        return f"<p>Screen <code>{escape(screen_id)}</code></p>"
    counts = status.accounting
    share = 100 * counts.settled / counts.submitted if counts.submitted else 0.0
    bar = f'<span style="{BAR}"><span style="{FILLED.format(share=share)}"></span></span>'
    facts = (
        f"<b>{escape(status.batch_name)}</b> <code>{escape(screen_id)}</code>: {escape(status.status)}",
        f"{escape(status.protein_name)}, {escape(status.model_name)}",
        f"{bar} {counts.settled} of {counts.submitted}",
        escape(status.accounting_sentence),
    )
    return f"<div>{'<br>'.join(facts)}</div>"


def _head(rows: "Rows", name: str) -> str:
    below = ", ".join(filter(None, (rows.unit(name), rows.direction(name))))
    return escape(name) + (f"<br><small>{escape(below)}</small>" if below else "")


def _line(row: "Row", names: list[str], server: str | None) -> list[str]:
    figures = row.figures
    cells = [_cell(figures.get(name)) for name in names]
    if row.error is not None and row.rank is None:
        cells[:1] = [f"<small>{escape(row.status)}: {escape(row.error['message'])}</small>"]
    return [_cell(row.rank), _molecule(row.ligand_smiles, server), _cell(row.ligand_name), *cells]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return escape(f"{value:.2f}" if isinstance(value, float) else str(value))


def _molecule(smiles: str | None, server: str | None) -> str:
    if not smiles:
        return ""
    text = f"<code>{escape(smiles)}</code>"
    if len(smiles) > LONGEST_DRAWN:
        return text
    source = _drawn(smiles)
    if source is None and server is not None:
        source = f"{server}/api/v3/depict.svg?smiles={quote(smiles, safe='')}&width={WIDTH}&height={HEIGHT}"
    if source is None:
        return text
    return f'<img src="{escape(source)}" alt="{escape(smiles)}" width="{WIDTH}" height="{HEIGHT}">'


def _drawn(smiles: str) -> str | None:
    """A drawing as the address of an image, in which no script would run; None without RDKit."""
    try:
        from rdkit import Chem, rdBase
        from rdkit.Chem.Draw import rdMolDraw2D
    except ImportError:
        return None
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None:
        return None
    drawing = rdMolDraw2D.MolDraw2DSVG(WIDTH, HEIGHT)
    rdMolDraw2D.PrepareAndDrawMolecule(drawing, molecule)
    drawing.FinishDrawing()
    return "data:image/svg+xml;base64," + b64encode(drawing.GetDrawingText().encode()).decode()
