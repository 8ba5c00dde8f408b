"""The chains of a complex as a user writes them: polymers, their modifications, cofactors."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from shared.chemistry.effort import ligand_of
from shared.models.base import Frozen
from shared.models.batch import MAX_SEQUENCE, MAX_SMILES

Kind = Literal["protein", "dna", "rna"]
ALPHABETS: Mapping[str, frozenset[str]] = {
    "protein": frozenset("ACDEFGHIKLMNPQRSTVWYX"),
    "dna": frozenset("ACGTN"),
    "rna": frozenset("ACGUN"),
}
MOST_COPIES, MOST_MODIFICATIONS = 10, 50


def _without_blanks(value: object) -> object:
    return re.sub(r"\s", "", value).upper() if isinstance(value, str) and value.isascii() else value


def _molecule(smiles: str) -> str:
    ligand_of(smiles)
    return smiles


Copies = Annotated[int, Field(ge=1, le=MOST_COPIES)]
Ccd = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,5}$"), BeforeValidator(_without_blanks)]
"""The code of a component of the Chemical Component Dictionary, such as ATP or ZN."""
Smiles = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SMILES)]
Letters = Annotated[
    str, BeforeValidator(_without_blanks), StringConstraints(min_length=1, max_length=MAX_SEQUENCE)
]


class Modification(Frozen):
    """A residue that is another component than its letter says; ``position`` counts from 1."""

    position: Annotated[int, Field(ge=1, le=MAX_SEQUENCE)]
    ccd: Ccd


class Form(Frozen):
    """What a chain is beside its sequence."""

    copies: Copies = 1
    cyclic: bool = False
    modifications: Annotated[tuple[Modification, ...], Field(max_length=MOST_MODIFICATIONS)] = ()


class Chain(Form):
    """A further polymer of the complex; each of its ``copies`` is a chain of its own."""

    kind: Kind
    sequence: Letters

    @field_validator("sequence")
    @classmethod
    def _of_its_alphabet(cls, sequence: str, info: ValidationInfo) -> str:
        kind = info.data.get("kind")
        wrong = sorted(set(sequence) - ALPHABETS[kind]) if kind else []
        if wrong:
            raise ValueError(f"has letters that {kind} does not have: {', '.join(wrong)}")
        return sequence

    @model_validator(mode="after")
    def _modified_where_it_is(self) -> Self:
        for place, modification in enumerate(self.modifications):
            if modification.position > len(self.sequence):
                raise ValueError(
                    f"modification {place + 1} is at position {modification.position}, "
                    f"the chain has {len(self.sequence)} residues"
                )
        return self


class Cofactor(Frozen):
    """A small molecule or ion that is there beside the ligand, by SMILES or by its code in the CCD."""

    smiles: Annotated[Smiles, AfterValidator(_molecule)] | None = None
    ccd: Ccd | None = None
    copies: Copies = 1

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.smiles is None) == (self.ccd is None):
            raise ValueError("give the cofactor either by 'smiles' or by 'ccd'")
        return self
