"""
A molecule as SVG, drawn by RDKit.

Letters become outlines, so no text of a user is in the picture but its title, which is escaped. RDKit is
imported by the first drawing: the server, which has it drawn by a process of its own, does without.
"""

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

MOST_ATOMS = 200
LONGEST_SMARTS = 200
HEAD = "<?xml version='1.0' encoding='UTF-8'?>\n"
COLOURS = {False: (0.98, 0.80, 0.35), True: (0.55, 0.40, 0.05)}
"""Of what is highlighted, on white and on black."""


class CannotDraw(ValueError):
    """Why there is no picture; ``field`` is what is to be changed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def drawn(wanted: Mapping[str, Any]) -> str:
    """
    The SVG of ``smiles``, with the optional ``highlight`` (SMARTS), ``legend`` and ``dark``, in pixels.

    Raises:
        CannotDraw: it cannot be read, or is too large.
    """
    from rdkit import Chem
    from rdkit.Chem.Draw import rdMolDraw2D

    molecule = _molecule(wanted["smiles"])
    marked = _matches(molecule, wanted.get("highlight"))
    bonds = [
        it.GetIdx() for it in molecule.GetBonds() if {it.GetBeginAtomIdx(), it.GetEndAtomIdx()} <= set(marked)
    ]
    canvas = rdMolDraw2D.MolDraw2DSVG(wanted["width"], wanted["height"])
    options: Any = canvas.drawOptions()
    dark = bool(wanted.get("dark"))
    if dark:
        rdMolDraw2D.SetDarkMode(options)
    options.clearBackground = False
    options.setHighlightColour(COLOURS[dark])
    for atom in molecule.GetAtoms():
        atom.SetAtomMapNum(0)
    ready = rdMolDraw2D.PrepareMolForDrawing(molecule)
    canvas.DrawMolecule(ready, highlightAtoms=marked, highlightBonds=bonds, legend=wanted.get("legend") or "")
    canvas.FinishDrawing()
    return _titled(canvas.GetDrawingText(), Chem.MolToSmiles(molecule))


def _molecule(text: str) -> Any:
    from rdkit import Chem

    from shared.chemistry.smiles import read_ligand

    try:
        smiles = read_ligand(text).smiles
    except ValueError as error:
        raise CannotDraw("smiles", str(error)) from error
    molecule = Chem.MolFromSmiles(smiles)
    if molecule.GetNumAtoms() > MOST_ATOMS:
        message = f"the molecule has {molecule.GetNumAtoms()} atoms; at most {MOST_ATOMS} are drawn"
        raise CannotDraw("smiles", message)
    return molecule


def _matches(molecule: Any, smarts: str | None) -> list[int]:
    """All atoms that any match has."""
    from rdkit import Chem, rdBase

    if smarts is None:
        return []
    with rdBase.BlockLogs():
        pattern = Chem.MolFromSmarts(smarts)
    if pattern is None or not pattern.GetNumAtoms():
        raise CannotDraw("highlight", "not a SMARTS pattern")
    return sorted({atom for match in molecule.GetSubstructMatches(pattern) for atom in match})


def _titled(svg: str, title: str) -> str:
    """With the canonical SMILES for readers who do not see it, and without RDKit's encoding."""
    body = svg[svg.index("<svg") :]
    end = body.index(">") + 1
    return f"{HEAD}{body[:end]}\n<title>{escape(title)}</title>{body[end:]}"


def load() -> None:
    """What drawing needs, which takes a while once."""
    from rdkit.Chem.Draw import rdMolDraw2D  # noqa: F401

    from shared.chemistry.smiles import read_ligand  # noqa: F401


def answer(wanted: Mapping[str, Any]) -> dict[str, str]:
    """``drawn``, or what is wrong with what is wanted: what ``draughtsman`` is told."""
    try:
        return {"svg": drawn(wanted)}
    except CannotDraw as error:
        return {"field": error.field, "message": str(error)}
