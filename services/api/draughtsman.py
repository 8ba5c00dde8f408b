"""Drawing with a time limit: a short SMARTS, or an odd cage of rings, can keep RDKit busy for years."""

import atexit
from collections.abc import Mapping
from functools import cache
from typing import Any

from services.api.drawing import CannotDraw, answer, load
from shared.apart import Apart, GivenUp

SECONDS = 2.0
MEBIBYTES = 512


class Draughtsman:
    """A process of its own, so that the server does without RDKit; it draws one thing at a time."""

    def __init__(self) -> None:
        self._process = Apart(load)

    def draw(self, wanted: Mapping[str, Any]) -> str:
        """
        See ``drawing.drawn``.

        Raises:
            CannotDraw: as there, or it takes too much.
            Unavailable: the process was ended.
        """
        try:
            told = self._process.call(answer, dict(wanted), seconds=SECONDS, mebibytes=MEBIBYTES).value
        except GivenUp as error:
            field = "highlight" if wanted.get("highlight") else "smiles"
            raise CannotDraw(field, f"{error.why} to draw") from error
        if "svg" not in told:
            raise CannotDraw(told["field"], told["message"])
        return str(told["svg"])

    def close(self) -> None:
        """End the process."""
        self._process.close()


@cache
def draughtsman() -> Draughtsman:
    """The one of this process."""
    made = Draughtsman()
    atexit.register(made.close)
    return made
