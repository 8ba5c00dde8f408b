"""How alike two protein sequences are, and where."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import gemmi

SAME, OTHER, GAP = 3, -1, -6
"""What a pair is worth: a stretch with a quarter of its residues the same is worth nothing."""


@dataclass(frozen=True)
class Likeness:
    """
    Where two sequences are alike, ends that are not left out.

    ``first`` and ``second`` are the stretches, counted from 0 and half open; ``same`` of the ``paired``
    residues in there are the same in both.
    """

    first: tuple[int, int]
    second: tuple[int, int]
    same: int
    paired: int


@lru_cache(maxsize=256)
def likeness(one: str, other: str) -> Likeness | None:
    """
    The best stretch of a global alignment by BLOSUM62; None where no residue is the same.

    Copies of a chain are aligned once.
    """
    pairs = _pairs(one, other)
    same = [one[i] == other[j] != "X" for i, j in pairs]
    start, end = _best(pairs, same)
    if start == end:
        return None
    (i, j), (last_i, last_j) = pairs[start], pairs[end - 1]
    return Likeness((i, last_i + 1), (j, last_j + 1), sum(same[start:end]), end - start)


def _best(pairs: list[tuple[int, int]], same: list[bool]) -> tuple[int, int]:
    """The stretch of the pairs that is worth most, half open."""
    best, found, start, worth = 0, (0, 0), 0, 0
    for place, (i, j) in enumerate(pairs):
        if place > start and pairs[place - 1] != (i - 1, j - 1):
            worth += GAP
        if worth < 0:
            start, worth = place, 0
        worth += SAME if same[place] else OTHER
        if worth > best:
            best, found = worth, (start, place + 1)
    return found


def _pairs(one: str, other: str) -> list[tuple[int, int]]:
    first, second = (gemmi.expand_one_letter_sequence(it, gemmi.ResidueKind.AA) for it in (one, other))
    found = gemmi.align_string_sequences(first, second, [], gemmi.AlignmentScoring("b"))
    pairs, i, j = [], 0, 0
    for length, kind in _runs(found.cigar_str()):
        if kind == "M":
            pairs += [(i + step, j + step) for step in range(length)]
        i += length if kind in "MI" else 0
        j += length if kind in "MD" else 0
    return pairs


def _runs(cigar: str) -> list[tuple[int, str]]:
    """``4M1I`` as ``(4, "M"), (1, "I")``; I: only in the first sequence, D: only in the second."""
    parts = ["".join(group) for _, group in groupby(cigar, str.isdigit)]
    return [(int(length), kind) for length, kind in zip(parts[::2], parts[1::2], strict=True)]
