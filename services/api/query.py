"""Query parameters: typed, bounded, and named in the error."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shared.errors import FieldError, InvalidInput


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
