"""Pockets, contacts, bonds, templates and alignments as a user gives them to Boltz-2."""

import re
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from shared.models.base import Frozen

ChainId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,5}$")]
Distance = Annotated[float, Field(ge=4, le=20)]
MOST_CONTACTS = 100
LONGEST_FILE = 8_000_000
_SITE = r"[A-Z]{1,5}:([1-9][0-9]{0,3}|[A-Z][A-Z0-9'\"]{0,3})"
_ATOM = r"[A-Z]{1,5}:[1-9][0-9]{0,3}:[A-Z][A-Z0-9'\"]{0,3}"


def _joined(value: object) -> object:
    """``["A", 123]`` and ``A123`` as ``A:123``; anything else as it is."""
    if isinstance(value, list | tuple) and all(type(part) in (str, int) for part in value):
        return ":".join(str(part).strip() for part in value)
    if isinstance(value, str) and (found := re.fullmatch(r"([A-Z]{1,5})([0-9]+)", value.strip())):
        return f"{found[1]}:{found[2]}"
    return value.strip() if isinstance(value, str) else value


def _site(text: str) -> str:
    if not re.fullmatch(_SITE, text):
        raise ValueError(
            "names no place; write chain and residue, such as A:123, or chain and atom, such as D:PG"
        )
    return text


def _atom(text: str) -> str:
    if not re.fullmatch(_ATOM, text):
        raise ValueError("names no atom; write chain, residue and atom, such as A:25:SG")
    return text


Site = Annotated[str, BeforeValidator(_joined), AfterValidator(_site)]
"""``A:123``: residue 123, counted from 1, of polymer A; ``D:PG``: atom PG of the small molecule D."""
AtomSite = Annotated[str, BeforeValidator(_joined), AfterValidator(_atom)]
"""``A:25:SG``: chain, residue counted from 1, atom; a small molecule is residue 1."""


class Pocket(Frozen):
    """
    Where the ligand is to bind: near the ``contacts``, at most ``max_distance`` Å away.

    With ``force`` the ligand is pushed there while sampling; else it is a hint to the model.
    """

    contacts: Annotated[tuple[Site, ...], Field(max_length=MOST_CONTACTS)]
    max_distance: Distance = 6.0
    force: bool = False

    @field_validator("contacts")
    @classmethod
    def _at_least_one(cls, contacts: tuple[str, ...]) -> tuple[str, ...]:
        if not contacts:
            raise ValueError("names no residue")
        return contacts


class Contact(Frozen):
    """Two tokens that lie at most ``max_distance`` Å apart."""

    kind: Literal["contact"]
    token1: Site
    token2: Site
    max_distance: Distance = 6.0
    force: bool = False


class Bond(Frozen):
    """A covalent bond; the model knows the atoms of standard residues and of CCD components only."""

    kind: Literal["bond"]
    atom1: AtomSite
    atom2: AtomSite


Constraint = Annotated[Contact | Bond, Field(discriminator="kind")]


class Template(Frozen):
    """
    A structure, PDB or mmCIF, that protein chains may resemble.

    ``template_chain`` is the chain of the file that chain ``chain`` follows; without both, the model finds
    the chains by sequence. With ``force`` the chain is held to it, within ``threshold`` Å.
    """

    content: Annotated[str, Field(min_length=1, max_length=LONGEST_FILE)]
    chain: ChainId | None = None
    template_chain: Annotated[str, Field(min_length=1, max_length=5)] | None = None
    force: bool = False
    threshold: Annotated[float, Field(gt=0, le=50)] | None = None

    @model_validator(mode="after")
    def _forced_to_something(self) -> Self:
        if self.force and self.threshold is None:
            raise ValueError("a template that is forced needs its 'threshold', in Å")
        if self.template_chain is not None and self.chain is None:
            raise ValueError("'template_chain' needs 'chain', the chain that follows it")
        return self


class Alignment(Frozen):
    """
    A multiple sequence alignment for a protein chain and all chains of the same sequence.

    ``csv`` has the columns key and sequence: rows of several chains that have the same key are paired.
    """

    chain: ChainId = "A"
    format: Literal["a3m", "csv"]
    content: Annotated[str, Field(min_length=1, max_length=LONGEST_FILE)]
