"""Cells of a CSV table that no spreadsheet runs."""

import re
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def safe_cell(value: Any) -> Any:
    """
    Text that a spreadsheet would run is led by an apostrophe (OWASP, "CSV Injection").

    Numbers are left alone, as numbers or as text: ``-6.44`` is no formula.
    """
    if isinstance(value, str) and value.startswith(FORMULA) and not NUMBER.fullmatch(value):
        return f"'{value}"
    return value
