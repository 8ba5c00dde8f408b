"""Values as a terminal shows them."""

from collections.abc import Mapping
from typing import Any

from omtx.text import plain
from rich.text import Text


def cell(value: Any) -> Text:
    """A table cell that is never read as markup, which the brackets of SMILES would be."""
    return Text(number(value) if isinstance(value, float) else "" if value is None else plain(value))


def number(value: float) -> str:
    """Two decimals: more says nothing about a docking score."""
    return f"{value:.2f}"


def rejection(row: Mapping[str, Any]) -> str:
    """Why a row of a library is not computed, in a line; ``filtered`` where it could be."""
    kind = "filtered, " if row["kind"] == "filtered" else ""
    text = row["smiles"] or row["text"]
    return f"line {row['line']}: {kind}{plain(row['reason'])} ({plain(text)})"
