"""Values as a terminal shows them."""

from typing import Any


def plain(value: Any) -> str:
    """
    Text of a user's file, made harmless for a terminal: what cannot be printed becomes ``�``.

    A ligand's name may hold escape sequences.
    """
    return "".join(char if char.isprintable() else "�" for char in str(value))


def duration(seconds: float) -> str:
    """``45 s``, ``3 min 20 s`` or ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
