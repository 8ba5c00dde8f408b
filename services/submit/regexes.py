"""
Reading a regular expression that a user gave, and matching it in time that grows with the text alone.

The engine is RE2: it knows no look-around and no back-references, which are what can take for ever.
"""

import re2

LONGEST_REGEX = 500
MOST_BYTES = 64 * 1024
"""Of a compiled expression, which bounds what a character of a text can take: 500 of them some 30 ms."""


class Regex:
    """A compiled expression."""

    def __init__(self, text: str) -> None:
        """Raise ValueError with one sentence on what is wrong."""
        options = re2.Options()
        options.max_mem = MOST_BYTES
        options.log_errors = False
        try:
            self._compiled = re2.compile(text, options)
        except re2.error as error:
            raise ValueError(f"Not a regular expression that RE2 knows: {_reason(error)}.") from error

    def is_in(self, text: str) -> bool:
        """Whether it matches anywhere in a text."""
        return self._compiled.search(text) is not None


def checked_regex(text: str) -> str:
    """The expression, if it can be compiled; ValueError otherwise."""
    if len(text) > LONGEST_REGEX:
        raise ValueError(f"The expression has {len(text)} characters; at most {LONGEST_REGEX} are accepted.")
    if not text.isascii() or not text.isprintable():
        raise ValueError("The expression contains characters other than printable ASCII.")
    Regex(text)
    return text


def _reason(error: Exception) -> str:
    said = error.args[0] if error.args else "it cannot be read"
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
