"""The chain of a target that RFantibody binds to: picked, cleaned, numbered anew, written as it reads it."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import gemmi

from shared.chemistry.structure import is_amino_acid
from shared.models.base import Frozen

BACKBONE = ("N", "CA", "C", "O")
LETTERS = "ACDEFGHIKLMNPQRSTVWY"
STANDARD = frozenset(gemmi.expand_one_letter_sequence(LETTERS, gemmi.ResidueKind.AA))
TARGET_CHAIN = "T"  # as RFantibody calls it; H and L are the antibody's
LONGEST_BOND = 2.0  # Å between C and N of neighbours; a peptide bond has 1.33
MOST_NUMBER = 9999
SHOWN = 8


class TargetResidue(Frozen):
    """A residue by the user's number and insertion code, and its ``number`` in the file designed on."""

    label: str
    name: str
    number: int


class TargetMap(Frozen):
    """
    The target's residues in order, for turning the programs' numbering back into the user's.

    RFdiffusion numbers its output from 1 over antibody and target together and calls the target T; only
    the order of the residues survives.
    """

    chain: str
    residues: tuple[TargetResidue, ...]

    @property
    def number_of(self) -> dict[str, int]:
        """The number that RFdiffusion knows a residue by, by its label in the user's numbering."""
        return {residue.label: residue.number for residue in self.residues}


@dataclass(frozen=True)
class Cleaned:
    """The residues that stay, each complete, and a sentence for everything that was changed or noticed."""

    chain: str
    residues: tuple[gemmi.Residue, ...]
    notes: tuple[str, ...]


def clean(structure: gemmi.Structure, name: str) -> Cleaned:
    """
    The protein residues of a chain, one conformation each.

    Raises:
        ValueError: no such chain, no protein in it, an amino acid that is not one of the twenty (it would
            vanish without a word), atoms of the backbone missing, or a number that comes twice.
    """
    chain = _chain(structure, name)
    residues: list[gemmi.Residue] = []
    left_out: list[str] = []
    changed: list[str] = []
    for residue in chain.first_conformer():
        in_chain = residue.het_flag != "H" or residue.entity_type == gemmi.EntityType.Polymer
        if residue.name == "MSE":
            changed.append(_label(residue))
        elif in_chain:
            _refuse_modified(residue, name)
        if in_chain and residue.name in STANDARD | {"MSE"}:
            residues.append(_one_conformation(residue))
        else:
            left_out.append(residue.name)
    if not residues:
        raise ValueError(f"chain {name} has no protein residues")
    _check(residues, name)
    return Cleaned(name, tuple(residues), tuple(_notes(structure, name, residues, changed, left_out)))


def target_map(cleaned: Cleaned) -> TargetMap:
    """
    New numbers without insertion codes, unique and rising; those of the file where it has such.

    Raises:
        ValueError: they would not fit into a PDB file.
    """
    number = max(_seq(cleaned.residues[0]), 1)
    numbered = [number]
    for before, after in itertools.pairwise(cleaned.residues):
        number += max(_seq(after) - _seq(before), 1)
        numbered.append(number)
    if number > MOST_NUMBER:
        raise ValueError(f"its residue numbers go beyond {MOST_NUMBER}; number them from 1")
    return TargetMap(
        chain=cleaned.chain,
        residues=tuple(
            TargetResidue(label=_label(residue), name=_name(residue), number=number)
            for residue, number in zip(cleaned.residues, numbered, strict=True)
        ),
    )


def pdb_text(cleaned: Cleaned, numbers: TargetMap) -> str:
    """The chain, as T, in ATOM lines: no hydrogens, no REMARK (one could pass for a loop's label)."""
    structure, chain = gemmi.Structure(), gemmi.Chain(TARGET_CHAIN)
    for residue, placed in zip(cleaned.residues, numbers.residues, strict=True):
        chain.add_residue(_renumbered(residue, placed))
    structure.add_model(gemmi.Model(1))
    structure[0].add_chain(chain)
    structure.setup_entities()
    structure.assign_serial_numbers()
    options = gemmi.PdbWriteOptions(minimal=True)
    lines = structure.make_pdb_string(options).splitlines()
    return "\n".join([*(line for line in lines if line.startswith("ATOM  ")), "TER", "END", ""])


def _chain(structure: gemmi.Structure, name: str) -> gemmi.Chain:
    names = [chain.name for chain in structure[0]]
    if name not in names:
        raise ValueError(f"the structure has no chain {name}; its chains are {', '.join(names)}")
    return structure[0][name]


def _one_conformation(residue: gemmi.Residue) -> gemmi.Residue:
    """The residue without hydrogens, of each atom the first position."""
    kept = residue.clone()
    for index in reversed(range(len(kept))):
        kept_before = {atom.name for atom in itertools.islice(kept, index)}
        if kept[index].is_hydrogen() or kept[index].name in kept_before:
            del kept[index]
    for atom in kept:
        atom.altloc = "\0"
    return kept


def _refuse_modified(residue: gemmi.Residue, chain: str) -> None:
    if residue.name not in STANDARD and (is_amino_acid(residue) or residue.name == "UNK"):
        raise ValueError(
            f"residue {chain}:{_label(residue)} is {residue.name}, which RFantibody does not know and would "
            "leave out without a word; replace it with the standard amino acid that it stands for"
        )


def _check(residues: Sequence[gemmi.Residue], chain: str) -> None:
    labels = [_label(residue) for residue in residues]
    twice = [label for label in dict.fromkeys(labels) if labels.count(label) > 1]
    if twice:
        raise ValueError(f"chain {chain} has more than one residue {twice[0]}; number them differently")
    missing = [
        f"{chain}:{_label(residue)} {atom}"
        for residue in residues
        for atom in BACKBONE
        if residue.find_atom(atom, "*") is None
    ]
    if missing:
        raise ValueError(
            f"atoms of the backbone are missing: {_listed(missing)}; complete or cut away these residues, as "
            "RFdiffusion cannot place them"
        )


def _notes(
    structure: gemmi.Structure,
    name: str,
    residues: Sequence[gemmi.Residue],
    changed: Sequence[str],
    left_out: Sequence[str],
) -> Iterator[str]:
    others = [chain.name for chain in structure[0] if chain.name != name]
    if others:
        yield f"the other chains are left out: {', '.join(others)}"
    if changed:
        yield f"selenomethionine is taken as methionine: {_listed(changed)}"
    if left_out:
        yield f"left out: {_listed(sorted(set(left_out)))}"
    breaks = [f"{_label(before)}-{_label(after)}" for before, after in _breaks(residues)]
    if breaks:
        yield (
            f"the chain is broken at {_listed(breaks)}; designs may touch what is buried in the whole "
            "protein, and broken targets have given broken output"
        )


def _breaks(residues: Sequence[gemmi.Residue]) -> Iterator[tuple[gemmi.Residue, gemmi.Residue]]:
    for before, after in itertools.pairwise(residues):
        carbon, nitrogen = before.find_atom("C", "*"), after.find_atom("N", "*")
        if carbon.pos.dist(nitrogen.pos) > LONGEST_BOND:
            yield before, after


def _renumbered(residue: gemmi.Residue, placed: TargetResidue) -> gemmi.Residue:
    kept = residue.clone()
    kept.name, kept.het_flag, kept.seqid = placed.name, "A", gemmi.SeqId(placed.number, " ")
    for atom in kept:
        if atom.element == gemmi.Element("Se"):
            atom.name, atom.element = "SD", gemmi.Element("S")
    return kept


def _name(residue: gemmi.Residue) -> str:
    return "MET" if residue.name == "MSE" else residue.name


def _label(residue: gemmi.Residue) -> str:
    return str(residue.seqid)


def _seq(residue: gemmi.Residue) -> int:
    number = residue.seqid.num
    assert number is not None, "a residue that was read has a number"
    return number


def _listed(items: Sequence[str]) -> str:
    more = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {more} more" if more > 0 else "")
