"""Reading what the programs write: Quiver files, and predictions with their scores."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import gemmi

from shared.catalogue.rfantibody_chain import TARGET_CHAIN

LOOPS = ("H1", "H2", "H3", "L1", "L2", "L3")
SCORE = re.compile(r"SCORE (?P<name>\w+): (?P<value>\S+)")
WHOLE_ATOM = 54  # columns, up to the last coordinate
LABEL = re.compile(r"REMARK PDBinfo-LABEL:\s*(?P<index>\d+)\s+(?P<loop>\w\d)")


@dataclass(frozen=True)
class Entry:
    """
    One structure: its tag, its lines, its scores (NaN where the program says so).

    A Quiver entry has scores in its head, a prediction of RF2 at its end.
    """

    tag: str
    lines: tuple[str, ...]
    scores: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def residues(self) -> tuple[tuple[str, str], ...]:
        """Chain and residue name of every residue, in order."""
        return tuple((line[21:22], line[17:20]) for line in self._alpha_carbons())

    @cached_property
    def sequences(self) -> Mapping[str, str]:
        """The sequence of every chain; X for what is no standard amino acid."""
        found: dict[str, str] = {}
        for chain, name in self.residues:
            found[chain] = found.get(chain, "") + _letter(name)
        return found

    @cached_property
    def loops(self) -> Mapping[str, str]:
        """The sequence of every loop that is labelled and there."""
        letters = "".join(_letter(name) for _, name in self.residues)
        found: dict[str, str] = {}
        for line in self.lines:
            match = LABEL.match(line)
            if match and match["loop"] in LOOPS and 1 <= int(match["index"]) <= len(letters):
                found[match["loop"]] = found.get(match["loop"], "") + letters[int(match["index"]) - 1]
        return found

    @property
    def antibody(self) -> str:
        """Heavy and light chain in one."""
        return self.sequences.get("H", "") + self.sequences.get("L", "")

    @property
    def target(self) -> str:
        """The target's sequence."""
        return self.sequences.get(TARGET_CHAIN, "")

    @property
    def text(self) -> str:
        """The entry as a PDB file."""
        return "\n".join([*self.lines, ""])

    def _alpha_carbons(self) -> Iterator[str]:
        whole = (line for line in self.lines if line.startswith("ATOM  ") and len(line) >= WHOLE_ATOM)
        return (line for line in whole if line[12:16].strip() == "CA")


def read_quiver(path: Path) -> list[Entry]:
    """
    The entries of a Quiver file in its order; none if the program did not write one.

    An entry that was cut off is an entry still: what it lacks is found by the checks.
    """
    if not path.is_file():
        return []
    return list(_entries(path.read_text(errors="replace")))


def read_folder(path: Path) -> list[Entry]:
    """The predictions of RF2 in a folder; none if there is no folder."""
    files = sorted(path.glob("*_best.pdb"))
    return [entry(file.stem, file.read_text(errors="replace").splitlines()) for file in files]


def _entries(text: str) -> Iterator[Entry]:
    for part in re.split(r"^QV_TAG ", text, flags=re.MULTILINE)[1:]:
        head, _, rest = part.partition("\n")
        lines = rest.splitlines()
        scores: dict[str, float] = {}
        for line in lines:
            if line.startswith("QV_SCORE "):
                scores |= _pairs(line.split(maxsplit=2)[-1])
        yield entry(head.strip(), [line for line in lines if not line.startswith("QV_SCORE ")], scores)


def entry(tag: str, lines: list[str], scores: Mapping[str, float] | None = None) -> Entry:
    """An entry of PDB lines; scores at their end count, too."""
    matches = (SCORE.match(line) for line in lines)
    own = {match["name"]: _number(match["value"]) for match in matches if match}
    return Entry(tag, tuple(lines), {**(scores or {}), **own})


def _pairs(text: str) -> dict[str, float]:
    pairs = (pair.partition("=") for pair in text.split("|"))
    return {name.strip(): _number(value) for name, _, value in pairs}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _letter(name: str) -> str:
    found = gemmi.find_tabulated_residue(name)
    return found.one_letter_code if found.is_standard() and found.is_amino_acid() else "X"
