"""The CDR loops of an antibody that are designed, and how long each may become."""

import re
from dataclasses import dataclass

HEAVY, LIGHT = ("H1", "H2", "H3"), ("L1", "L2", "L3")
NANOBODY = "H1:7,H2:6,H3:5-13"
ANTIBODY = f"{NANOBODY},L1:8-13,L2:7,L3:9-11"
"""Loop lengths of the authors' own campaigns, as the examples of RFantibody have them."""
LONGEST_LOOP = 40

LOOP = re.compile(r"(?P<name>[HhLl][123])(?::(?P<least>[0-9]{1,3})?(?:-(?P<most>[0-9]{1,3}))?)?")


@dataclass(frozen=True)
class Loop:
    """One loop to design; without lengths it keeps the length that it has in the framework."""

    name: str
    least: int | None = None
    most: int | None = None

    def __str__(self) -> str:
        if self.least is None:
            return f"{self.name}:"
        return f"{self.name}:{self.least}" + ("" if self.most == self.least else f"-{self.most}")


def read_loops(text: str) -> tuple[Loop, ...]:
    """
    Loops as RFantibody writes them, ``H1:7,H3:5-13``, in the order H1 to L3.

    Raises:
        ValueError: a loop is malformed, comes twice, or is longer than 40.
    """
    loops = [_read(part.strip()) for part in text.split(",")]
    names = [loop.name for loop in loops]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"the loop {twice[0]} comes more than once")
    return tuple(sorted(loops, key=lambda loop: loop.name))


def _read(part: str) -> Loop:
    match = LOOP.fullmatch(part)
    if match is None or (match["most"] and not match["least"]):
        raise ValueError(f"{part!r} is no loop: write name and length, such as H1:7 or H3:5-13")
    if match["least"] is None:
        return Loop(match["name"].upper())
    least = int(match["least"])
    most = int(match["most"] or least)
    if not 1 <= least <= most <= LONGEST_LOOP:
        raise ValueError(f"{part!r}: lengths are 1 to {LONGEST_LOOP}, the shorter one first")
    return Loop(match["name"].upper(), least, most)
