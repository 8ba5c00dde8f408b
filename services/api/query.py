"""Query parameters: typed, bounded, and named in the error."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.errors import FieldError, InvalidInput, TooLarge

MOST_BODY_BYTES = 64 * 1024


@dataclass(frozen=True)
class Page:
    """A 1-based page of ``size`` things."""

    number: int
    size: int

    @property
    def start(self) -> int:
        """How many things come before it."""
        return (self.number - 1) * self.size

    def describe(self, total: int) -> dict[str, int | bool]:
        """The page's place among ``total`` things."""
        pages = -(-total // self.size)
        return {
            "page": self.number,
            "page_size": self.size,
            "total_results": total,
            "total_pages": pages,
            "has_next": self.number < pages,
            "has_previous": self.number > 1,
        }


def merged(args: Mapping[str, str], body: bytes) -> dict[str, str]:
    """
    The parameters of a request: those of its address, and the fields of its JSON body.

    Raises:
        TooLarge: the body has more bytes than any of these requests needs.
        InvalidInput: it is no JSON object of texts, numbers, true and false.
    """
    if len(body) > MOST_BODY_BYTES:
        raise TooLarge(f"a body has at most {MOST_BODY_BYTES:,} bytes here")
    try:
        given = json.loads(body) if body.strip() else {}
    except ValueError as error:
        raise InvalidInput("the body is not JSON") from error
    if given is None:
        return dict(args)
    if not isinstance(given, dict):
        raise InvalidInput("the body must be a JSON object")
    return dict(args) | {name: _text(name, value) for name, value in given.items() if value is not None}


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    message = "must be a text, a number, true or false"
    raise InvalidInput(f"{name} {message}", [FieldError(name, message)])


def page(args: Mapping[str, str], *, default: int, most: int) -> Page:
    """``page`` and ``page_size`` of a request."""
    return Page(
        whole(args, "page", default=1, least=1, most=1_000_000),
        whole(args, "page_size", default=default, least=1, most=most),
    )


def whole(args: Mapping[str, str], name: str, *, default: int, least: int, most: int) -> int:
    """A whole number between ``least`` and ``most``, or InvalidInput."""
    text = args.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        message = f"must be a whole number from {least} to {most}"
        raise InvalidInput(f"{name} {message}", [FieldError(name, message)])
    return int(text)


def one_of(args: Mapping[str, str], name: str, choices: Collection[str]) -> str | None:
    """One of the choices, None if not given, or InvalidInput."""
    text = args.get(name)
    if text is not None and text not in choices:
        message = f"must be one of {', '.join(choices)}"
        raise InvalidInput(f"{name} {message}", [FieldError(name, message)])
    return text


def text(args: Mapping[str, str], name: str, *, most: int) -> str:
    """A text that must be given: 1 to ``most`` characters without the blanks around it."""
    given = args.get(name, "").strip()
    if not 1 <= len(given) <= most:
        message = f"must be given, with 1 to {most} characters"
        raise InvalidInput(f"{name} {message}", [FieldError(name, message)])
    return given


def yes(args: Mapping[str, str], name: str, *, default: bool) -> bool:
    """``true`` or ``false``."""
    return (one_of(args, name, ("true", "false")) or str(default).lower()) == "true"


def instant(args: Mapping[str, str], name: str, *, default: datetime) -> datetime:
    """A time in ISO 8601 with its offset from UTC."""
    given = args.get(name)
    try:
        found = default if given is None else datetime.fromisoformat(given)
    except ValueError:
        found = datetime.min
    if found.tzinfo is None:
        message = "must be a time such as 2026-01-31T12:00:00+00:00"
        raise InvalidInput(f"{name} {message}", [FieldError(name, message)])
    return found
