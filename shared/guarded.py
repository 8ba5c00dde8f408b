"""How a browser has to treat an answer."""

from collections.abc import Mapping

GUARDED: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Of every answer: a browser that shows one runs nothing of it, whatever a user wrote into it."""
