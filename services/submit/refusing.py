"""Why a library as a whole is refused."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.errors import FieldError, InvalidInput
from shared.models.batch import RejectedRow


def unreadable(where: str, error: ValueError) -> InvalidInput:
    """The refusal of a library that cannot be read to its end."""
    return InvalidInput(f"{where}: {error}", [FieldError(where, str(error))])


def unusable(where: str, rows: Sequence[RejectedRow], report: Mapping[str, Any]) -> InvalidInput:
    """The refusal of a library by its bad rows, of which ``rows`` are the first; see ``ChemistryReport``."""
    if not report["submitted"]:
        return InvalidInput("the library is empty", [FieldError(where, "holds no row")])
    invalid, filtered = report["invalid"], report["filtered"]
    errors = [FieldError(f"{where}[line {row.line}]", row.reason) for row in rows]
    if report["valid"]:
        of = f"{invalid} of {report['submitted']} rows are invalid"
        wrong = [error for error, row in zip(errors, rows, strict=True) if row.kind == "invalid"]
        return InvalidInput(f"{of}, and the order is strict", wrong)
    if filtered:
        parts = f"{filtered} filtered ({_by_filter(report)})" + (f", {invalid} invalid" if invalid else "")
        return InvalidInput(f"none of the {report['submitted']} rows is left: {parts}", errors)
    return InvalidInput(f"none of the {invalid} rows is valid", errors)


def _by_filter(report: Mapping[str, Any]) -> str:
    found = ((name, it["count"]) for name, it in report["filters"].items())
    return ", ".join(f"{name} {count}" for name, count in found if count)
