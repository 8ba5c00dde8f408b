"""What is known of a complex beforehand: contacts, pockets and bonds, checked against its chains."""

import csv
import io
import re
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.catalogue.chai1_chains import LETTERS, LIGAND, Chain
from shared.models.base import Frozen

SITE = re.compile(
    r"(?P<chain>[A-Za-z0-9_.-]+)(:(?P<letter>[A-Z])?(?P<number>[0-9]{1,4}))?(@(?P<atom>[A-Z0-9']{1,4}))?"
)
COLUMNS = (
    *("restraint_id", "chainA", "res_idxA", "chainB", "res_idxB", "connection_type"),
    *("confidence", "min_distance_angstrom", "max_distance_angstrom", "comment"),
)

Place = Annotated[str, Field(pattern=rf"^{SITE.pattern}$", max_length=60)]


class Restraint(Frozen):
    """
    One of three kinds; distances in Å.

    ``contact``: the residues ``a`` and ``b`` touch. ``pocket``: the chain ``a`` (or ``ligand``) lies at the
    residue ``b``. ``covalent``: the atoms ``a`` and ``b`` are bonded. Places are written ``A:C387``, with an
    atom ``A:N436@ND2``; a chain is its letter or its name, a residue counts from 1.
    """

    kind: Literal["contact", "pocket", "covalent"]
    a: Place
    b: Place
    max_distance: Annotated[float, Field(gt=0, le=30)] = 10.0
    min_distance: Annotated[float, Field(ge=0, le=30)] = 0.0
    confidence: Annotated[float, Field(ge=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.min_distance > self.max_distance:
            raise ValueError("min_distance is larger than max_distance")
        one, other = _parts(self.a), _parts(self.b)
        if self.kind == "pocket" and (one["number"] or one["atom"]):
            raise ValueError("'a' of a pocket is a chain as a whole")
        if self.kind != "covalent" and (one["atom"] or other["atom"]):
            raise ValueError("atoms are named for covalent bonds only")
        if self.kind == "covalent" and not (one["atom"] and other["atom"]):
            raise ValueError("a covalent bond needs both atoms, such as A:N436@ND2 and B:1@C1")
        return self


def _parts(place: str) -> dict[str, str | None]:
    found = SITE.fullmatch(place)
    assert found is not None
    return found.groupdict()


def write_restraints(restraints: Sequence[Restraint], chains: Sequence[Chain]) -> str:
    """
    The table that Chai-1 reads; ``chains`` without the ligand, one of each copy.

    Raises:
        ValueError: a chain, residue or letter that is not there.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for number, it in enumerate(restraints, start=1):
        (chain_a, place_a), (chain_b, place_b) = (_found(it, end, chains) for end in (it.a, it.b))
        sides = [chain_a, "" if it.kind == "pocket" else place_a, chain_b, place_b]
        limits = [it.confidence, it.min_distance, it.max_distance]
        table.writerow([f"restraint_{number}", *sides, it.kind, *limits, f"restraint {number}"])
    return text.getvalue()


def _found(restraint: Restraint, place: str, chains: Sequence[Chain]) -> tuple[str, str]:
    """The chain's letter, and residue and atom in the words of Chai-1."""
    parts = _parts(place)
    index = _index(str(parts["chain"]), chains)
    chain = chains[index] if index < len(chains) else None
    atom = f"@{parts['atom']}" if parts["atom"] else ""
    whole = restraint.kind == "pocket" and place == restraint.a
    return LETTERS[index], "" if whole else _residue(restraint, place, chain) + atom


def _index(name: str, chains: Sequence[Chain]) -> int:
    if name in (LIGAND, LETTERS[len(chains)]):
        return len(chains)
    for index, chain in enumerate(chains):
        if name in (LETTERS[index], chain.name):
            return index
    there = ", ".join(f"{LETTERS[index]} ({chain.name})" for index, chain in enumerate(chains))
    raise ValueError(f"there is no chain {name}; there are {there} and {LIGAND}")


def _residue(restraint: Restraint, place: str, chain: Chain | None) -> str:
    """
    Letter and number of a protein's residue; nothing for the first one of anything else.

    The program knows a residue by its letter, and so none of them that is modified.
    """
    letter, number = _parts(place)["letter"], int(_parts(place)["number"] or 0)
    if chain is None or chain.kind != "protein":
        if restraint.kind != "covalent" or number > 1:
            raise ValueError(
                f"{place}: contacts and pockets name residues of proteins, "
                "bonds may also name the first residue of another chain"
            )
        return ""
    residues = chain.residues
    if not 1 <= number <= len(residues):
        raise ValueError(f"{place}: the residues of that chain are 1 to {len(residues)}")
    true = residues[number - 1]
    if len(true) > 1:
        raise ValueError(f"{place}: residue {number} is modified; Chai-1 takes no restraint on it")
    if letter not in (None, true):
        raise ValueError(f"{place}: residue {number} is {true}")
    return f"{true}{number}"


def pocket_of(table: bytes, ligand: str) -> list[tuple[int, int]]:
    """
    The residues, each by the place of its chain and its number from 1, that pockets of a chain name.

    ``table`` is what ``write_restraints`` wrote, ``ligand`` the letter of the chain.
    """
    rows = csv.DictReader(io.StringIO(table.decode()))
    wanted = (it for it in rows if it["connection_type"] == "pocket" and it["chainA"] == ligand)
    return [(LETTERS.index(it["chainB"]), int(it["res_idxB"][1:])) for it in wanted]
