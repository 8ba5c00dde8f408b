"""What every model that poses a ligand says of the pose: in the pocket or not, and what it touches."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import gemmi
from pydantic import JsonValue

from shared.chemistry.box import Box
from shared.chemistry.pocket import NEAR, TOUCHING, Contact, Points, Residues, Verdict, by_box, by_residues
from shared.chemistry.pocket import contacts as touched
from shared.models.work import MetricValue

Wanted = Residues | Box | None
"""Where the ligand was to bind; None: nothing was said."""


@dataclass(frozen=True)
class Placement:
    """Where a pose lies. ``verdict`` is None where no pocket was asked for."""

    wanted: Wanted
    verdict: Verdict | None
    contacts: tuple[Contact, ...]


def placement(ligand: Points, around: Residues, wanted: Wanted) -> Placement:
    """``ligand`` are its heavy atoms in the frame of the others, Å."""
    match wanted:
        case Box():
            verdict: Verdict | None = by_box(ligand, wanted)
        case Residues():
            verdict = by_residues(ligand, wanted)
        case None:
            verdict = None
    return Placement(wanted, verdict, tuple(touched(ligand, around)))


def metrics(found: Placement | None) -> dict[str, MetricValue]:
    """Of the catalogue's figures those of place; all null without a ligand."""
    verdict = found.verdict if found else None
    return {
        "pocket": verdict.word if verdict else None,
        "pocket_distance": verdict.shortest if verdict else None,
        "pocket_centroid_distance": verdict.centroid if verdict else None,
        "contacts": "; ".join(it.residue for it in found.contacts) if found else None,
    }


def details(found: Placement, *, numbering: str) -> JsonValue:
    """What stands behind them; ``numbering`` says whose names of chains and residues these are."""
    return {
        "verdict": found.verdict.word if found.verdict else None,
        "rule": _rule(found.wanted),
        "residues": list(found.wanted.labels) if isinstance(found.wanted, Residues) else [],
        "nearest": found.verdict.nearest if found.verdict else None,
        "contacts_within": TOUCHING,
        "contacts": [{"residue": it.residue, "distance": it.distance} for it in found.contacts],
        "numbering": numbering,
    }


def _rule(wanted: Wanted) -> str | None:
    if wanted is None:
        return None
    if isinstance(wanted, Box):
        return "in: the centroid of the heavy atoms is in the box"
    return f"in: a heavy atom is within {NEAR:g} Å of a residue asked for"


def residues(chains: Iterable[gemmi.Chain]) -> Residues:
    """All residues of some chains, in order."""
    return Residues.of((label(chain, it), heavy(it)) for chain in chains for it in chain)


def label(chain: gemmi.Chain, residue: gemmi.Residue) -> str:
    """How a chemist names a residue: ``LEU A:99``."""
    return f"{residue.name} {chain.name}:{residue.seqid}"


def heavy(atoms: Iterable[gemmi.Atom]) -> Sequence[Sequence[float]]:
    """The positions of those that are no hydrogens."""
    return list(_heavy(atoms))


def _heavy(atoms: Iterable[gemmi.Atom]) -> Iterator[Sequence[float]]:
    return (atom.pos.tolist() for atom in atoms if not atom.is_hydrogen())
