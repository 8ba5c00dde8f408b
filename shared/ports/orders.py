"""Where orders are placed: at ``submit``, by whoever takes them in another shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Placed:
    """The answer of ``submit``: its status, and the batch or the problem."""

    status: int
    body: Mapping[str, Any]


class Orders(Protocol):
    """The door of ``submit``."""

    def place(self, path: str, order: Mapping[str, Any], headers: Mapping[str, str]) -> Placed:
        """
        Post an order to one of its routes. What proves who asks stands in ``headers``.

        Raises:
            Unknown: no answer came; the order may have been accepted.
        """
        ...
