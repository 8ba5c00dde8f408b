"""Moments as callers write them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator


def _written(value: Any) -> Any:
    """As text of RFC 3339: a bare number would be taken for seconds, or for milliseconds."""
    if isinstance(value, int | float) or (isinstance(value, str) and _is_number(value)):
        raise ValueError("write a date and time, such as 2026-01-31T12:00:00Z")
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


Moment = Annotated[datetime, BeforeValidator(_written)]
AwareMoment = Annotated[AwareDatetime, BeforeValidator(_written)]
