"""Who may bring a message, or start the sweep."""

from collections.abc import Mapping
from typing import Protocol


class Callers(Protocol):
    """Those whom a function that is not for the public answers."""

    def check(self, headers: Mapping[str, str]) -> None:
        """
        Return if a request with these headers, by their names in lower case, comes from one of them.

        Raises:
            NotAllowed: it does not prove where it comes from.
            Forbidden: it does, and that is somebody else.
            Unavailable: what is needed for the check cannot be had now.
        """
        ...
