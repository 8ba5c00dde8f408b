"""A framework that the user gives, in the HLT form of RFantibody: checked before anything is paid for."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.catalogue.rfantibody_loops import HEAVY, LIGHT, Loop

BACKBONE = ("N", "CA", "C", "O")
MOST_RESIDUES = 350
LABEL = re.compile(r"REMARK PDBinfo-LABEL:\s*(?P<index>[0-9]{1,5})\s+(?P<loop>\S+)\s*")


@dataclass(frozen=True)
class Hlt:
    """An HLT file: atoms by residue in file order, and the 1-based residue numbers of each loop."""

    residues: Mapping[tuple[str, str], frozenset[str]]
    loops: Mapping[str, tuple[int, ...]]

    @property
    def chains(self) -> list[str]:
        """In the order in which they come."""
        return list(dict.fromkeys(chain for chain, _ in self.residues))


def framework_lines(text: str, designed: Sequence[Loop]) -> str:
    """
    The file as RFdiffusion gets it: its atoms and labels, nothing else.

    Raises:
        ValueError: not of this form, or a loop that is to be designed has no label.
    """
    lines = [line.rstrip() for line in text.splitlines()]
    kept = [line for line in lines if line.startswith("ATOM  ") or line.startswith("REMARK PDBinfo-LABEL")]
    hlt = read_hlt(kept)
    _check_chains(hlt)
    _check_backbone(hlt)
    _check_loops(hlt, designed)
    return "\n".join([*kept, ""])


def read_hlt(lines: Iterable[str]) -> Hlt:
    """
    Atoms and loop labels.

    Raises:
        ValueError: a label is malformed or names a residue that there is not.
    """
    residues: dict[tuple[str, str], set[str]] = {}
    loops: dict[str, list[int]] = {}
    for line in lines:
        if line.startswith("ATOM  "):
            residues.setdefault((line[21:22], line[22:27]), set()).add(line[12:16].strip())
        elif line.startswith("REMARK PDBinfo-LABEL"):
            match = LABEL.fullmatch(line)
            if match is None or match["loop"].upper() not in (*HEAVY, *LIGHT):
                raise ValueError(f"{line!r} is no label of a loop: write REMARK PDBinfo-LABEL:   32 H1")
            loops.setdefault(match["loop"].upper(), []).append(int(match["index"]))
    for loop, numbers in loops.items():
        beyond = [number for number in numbers if not 1 <= number <= len(residues)]
        if beyond:
            raise ValueError(f"the label of {loop} names residue {beyond[0]} of {len(residues)}")
    return Hlt(
        {residue: frozenset(atoms) for residue, atoms in residues.items()},
        {loop: tuple(numbers) for loop, numbers in loops.items()},
    )


def _check_chains(hlt: Hlt) -> None:
    if hlt.chains not in (["H"], ["H", "L"]):
        found = ", ".join(hlt.chains) or "none"
        raise ValueError(f"the chains must be H, or H and then L, each in one piece; found: {found}")
    if len(hlt.residues) > MOST_RESIDUES:
        raise ValueError(
            f"it has {len(hlt.residues)} residues; a pair of variable domains has at most {MOST_RESIDUES}"
        )


def _check_backbone(hlt: Hlt) -> None:
    for (chain, number), atoms in hlt.residues.items():
        missing = [name for name in BACKBONE if name not in atoms]
        if missing:
            raise ValueError(f"residue {chain}{number.strip()} has no atom {missing[0]}")


def _check_loops(hlt: Hlt, designed: Sequence[Loop]) -> None:
    missing = [loop.name for loop in designed if loop.name not in hlt.loops]
    if missing:
        raise ValueError(f"no residue is labelled as {', '.join(missing)}, which is to be designed")


def has_light_chain(text: str) -> bool:
    """Whether the file has a chain L."""
    return any(line.startswith("ATOM  ") and line[21:22] == "L" for line in text.splitlines())
