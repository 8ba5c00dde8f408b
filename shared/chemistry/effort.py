"""
Which molecules may keep RDKit busy for years, and how those are worked out in bounded time.

What takes long is to find rings and to try out which of them are aromatic together: two hundred characters
suffice. With few rings everything that is done here with a molecule of any accepted length takes a fraction
of a second, so the text alone tells what need not be watched. The rest goes to a process that can be ended.
"""

import atexit
import re
import string
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from rdkit import Chem

from shared.apart import Apart, GivenUp
from shared.chemistry.ctab import rings_drawn
from shared.chemistry.smiles import Ligand, read_ligand
from shared.settings.chemistry import chemistry

MOST_RINGS = 8
"""Below 0.2 s in all for whatever was found to be slow; a necklace of 13 rings takes 4 s to read."""
BRACKETS = re.compile(r"\[[^\]]*\]")
NO_DIGITS = str.maketrans("", "", string.digits)
ENDS = re.compile(r"%\(\d*\)|%\d\d|\d")
T = TypeVar("T")


class TooDemanding(ValueError):
    """
    A ligand that takes too much; ``at`` is what was noted last while it was worked out.

    ``seconds``: what was allowed, and, but for memory and crashes, spent.
    """

    def __init__(self, why: str, at: str, seconds: float) -> None:
        super().__init__(f"The molecule {why}; its rings are joined in too many ways.")
        self.why, self.at, self.seconds = why, at, seconds

    def __reduce__(self) -> tuple[type["TooDemanding"], tuple[str, str, float]]:
        return TooDemanding, (self.why, self.at, self.seconds)


class Spent:
    """Seconds of the processor that were spent on ligands so far; ``most`` may be."""

    def __init__(self, most: float = float("inf")) -> None:
        self.seconds, self.most = 0.0, most

    @property
    def all(self) -> bool:
        """Whether nothing is left."""
        return self.seconds > self.most


def rings(smiles: str) -> int:
    """How many rings a SMILES closes, from its text: no fewer than the molecule has."""
    return len(ENDS.findall(BRACKETS.sub("", smiles))) // 2


def demanding(smiles: str) -> bool:
    """Whether work on the molecule has to be watched."""
    digits = len(smiles) - len(smiles.translate(NO_DIGITS))
    return digits > 2 * MOST_RINGS and rings(smiles) > MOST_RINGS  # so most need no search


def demanding_drawing(record: str) -> bool:
    """Whether reading a molfile has to be watched: one of many rings, or whose text does not tell."""
    found = rings_drawn(record)
    return found is None or found > MOST_RINGS


def ligand_of(text: str) -> Ligand:
    """
    As ``read_ligand``, in bounded time.

    Raises:
        ValueError: as there; TooDemanding, which is one.
    """
    return watched(read_whole, text) if demanding(text) else read_ligand(text)


def read_whole(text: str) -> Ligand:
    """
    As ``read_ligand``, and what it gives can be read again, in no more time than is allowed.

    How long it takes to read a molecule depends on how it is written.
    """
    ligand = read_ligand(text)
    if Chem.MolFromSmiles(ligand.smiles) is None:
        raise ValueError("RDKit cannot read the canonical form that it gives the molecule itself.")
    return ligand


def bounded(smiles: str, work: Callable[..., T], *given: object) -> T:
    """
    What ``work`` makes of its arguments, which are about this molecule; watched if it is demanding.

    Raises:
        TooDemanding: it takes more time or memory than is allowed, or crashes.
    """
    return watched(work, *given) if demanding(smiles) else work(*given)


def watched(work: Callable[..., T], *given: object, spent: Spent | None = None) -> T:
    """
    What ``work`` makes of its arguments, in a process that is ended when it takes too much.

    Raises:
        TooDemanding: as ``bounded``.
    """
    allowed, spent = chemistry(), spent or Spent()
    seconds, mebibytes = allowed.ligand_seconds, allowed.ligand_mebibytes
    try:
        done = _process().call(work, *given, seconds=seconds, mebibytes=mebibytes)
    except GivenUp as error:
        spent.seconds += error.seconds
        raise TooDemanding(error.why, error.at, error.seconds) from error
    spent.seconds += done.seconds
    value: T = done.value
    return value


@cache
def _process() -> Apart:
    """The one of this process."""
    made = Apart()
    atexit.register(made.close)
    return made
