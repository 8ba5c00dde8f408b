"""Values as a terminal shows them."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text


def plain(value: Any) -> str:
    """
    Text of a user's file, made harmless for a terminal: what cannot be printed becomes ``�``.

    A ligand's name may hold escape sequences.
    """
    return "".join(char if char.isprintable() else "�" for char in str(value))


def cell(value: Any) -> Text:
    """A table cell that is never read as markup, which the brackets of SMILES would be."""
    return Text(number(value) if isinstance(value, float) else "" if value is None else plain(value))


def number(value: float) -> str:
    """Two decimals: more says nothing about a docking score."""
    return f"{value:.2f}"


def duration(seconds: float) -> str:
    """``45 s``, ``3 min 20 s`` or ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def rejection(row: Mapping[str, Any]) -> str:
    """Why a row of a library is not computed, in a line; ``filtered`` where it could be."""
    kind = "filtered, " if row["kind"] == "filtered" else ""
    text = row["smiles"] or row["text"]
    return f"line {row['line']}: {kind}{plain(row['reason'])} ({plain(text)})"
