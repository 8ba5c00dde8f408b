"""The chains of a complex as Chai-1 takes them, as fields or as FASTA text, and how many tokens they are."""

import re
import string
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, Self

import gemmi
from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator
from rdkit import Chem, rdBase

from shared.chemistry.effort import bounded
from shared.chemistry.smiles import LONGEST_SMILES
from shared.models.base import Frozen
from shared.models.batch import MAX_SEQUENCE

Kind = Literal["protein", "dna", "rna", "glycan", "ligand"]
KINDS = ("protein", "dna", "rna", "glycan", "ligand")
POLYMERS = ("protein", "dna", "rna")
ALPHABETS = {"protein": "ACDEFGHIKLMNPQRSTVWYX", "dna": "ACGT", "rna": "ACGU"}
LIGAND = "ligand"
"""What the ligand of a run is called; it is the last chain."""

LETTERS = string.ascii_uppercase
MOST_CHAINS = len(LETTERS)
MOST_COPIES = 10
MOST_TOKENS = 2048
PADDED = (256, 384, 512, 768, 1024, 1536, MOST_TOKENS)
"""The sizes that the network exists in; an input is padded to the next one, and costs what that costs."""

MODIFIED_MASS = 16.0
SUGAR_TOKENS = 11

_RESIDUE = re.compile(r"\(([A-Z0-9]{2,5})\)|([A-Z])")
_SUGAR = re.compile(r"[A-Z0-9]{3}")
_GLYCAN = re.compile(r"[A-Z0-9]{3}( ?\(|\)| |[1-6]-[1-6] [A-Z0-9]{3})*")

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$")]


def _one_line(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


class Chain(Frozen):
    """
    A part of the complex; each of its ``copies`` is a chain of its own.

    ``sequence`` has one-letter codes, a modified residue as its code in brackets, ``RKD(SEP)S``; of a glycan
    its sugars and bonds, ``NAG(4-1 NAG)``; of a small molecule its SMILES.
    """

    kind: Kind
    sequence: Annotated[str, BeforeValidator(_one_line), Field(min_length=1, max_length=MAX_SEQUENCE * 2)]
    copies: Annotated[int, Field(ge=1, le=MOST_COPIES)] = 1
    name: Name | None = None

    @field_validator("name")
    @classmethod
    def _not_the_name_of_the_ligand(cls, name: str | None) -> str | None:
        if name == LIGAND:
            raise ValueError(f"{LIGAND!r} is what the ligand of each run is called")
        return name

    @model_validator(mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        if not isinstance(value, dict) or value.get("kind") not in POLYMERS:
            return value
        text = value.get("sequence")
        return {**value, "sequence": re.sub(r"\s", "", text).upper()} if isinstance(text, str) else value

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if self.kind in POLYMERS:
            _check_letters(self.kind, self.sequence)
        elif self.kind == "glycan":
            _check_glycan(self.sequence)
        else:
            _atoms(self.sequence)
        return self

    @property
    def residues(self) -> list[str]:
        """One letter, or the code of a modification, for each residue of a polymer."""
        return [code or letter for code, letter in _RESIDUE.findall(self.sequence)]

    @property
    def sugars(self) -> list[str]:
        """The codes of the sugars of a glycan, in their order."""
        return _SUGAR.findall(re.sub(r"[1-6]-[1-6] ", " ", self.sequence))

    @property
    def plain_sequence(self) -> str:
        """
        The sequence as alignments are searched and named for it.

        A modified residue is the letter of the residue that it comes from, X if there is none.
        """
        return "".join(it if len(it) == 1 else _parent(it) for it in self.residues)

    @property
    def tokens(self) -> int:
        """
        Of one copy: a residue is one, a heavy atom of anything else is one.

        Without the component dictionary the atoms of modified residues and of sugars are estimated, and
        low, so that nothing is refused here that the program would take.
        """
        if self.kind in POLYMERS:
            return sum(1 if len(it) == 1 else _modified(it) for it in self.residues)
        if self.kind == "glycan":
            return SUGAR_TOKENS * len(self.sugars)
        return _atoms(self.sequence)


def _check_letters(kind: str, sequence: str) -> None:
    rest = _RESIDUE.sub("", sequence)
    if rest:
        raise ValueError(
            f"{rest[0]!r} is out of place; write letters, and modified residues by their code, as (SEP)"
        )
    wrong = sorted({letter for _, letter in _RESIDUE.findall(sequence) if letter} - set(ALPHABETS[kind]))
    if wrong:
        raise ValueError(f"has letters that {kind} does not have: {', '.join(wrong)}")


def _check_glycan(text: str) -> None:
    if text.count("(") != text.count(")") or not _GLYCAN.fullmatch(text):
        raise ValueError("is no glycan; write sugars and bonds such as NAG(4-1 NAG)")


def _atoms(smiles: str) -> int:
    if len(smiles) > LONGEST_SMILES:
        raise ValueError(f"has {len(smiles):,} characters; at most {LONGEST_SMILES} are accepted")
    return bounded(smiles, _heavy_atoms, smiles)


def _heavy_atoms(smiles: str) -> int:
    """What is wrong with a SMILES is told in detail where a user can read it, at submit."""
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None or molecule.GetNumHeavyAtoms() == 0:
        raise ValueError("is no SMILES of a molecule")
    return int(molecule.GetNumHeavyAtoms())


def _parent(code: str) -> str:
    letter = str(gemmi.find_tabulated_residue(code).one_letter_code).upper()
    return letter if letter in ALPHABETS["protein"] else "X"


def _modified(code: str) -> int:
    known = gemmi.find_tabulated_residue(code)
    return max(1, int((known.weight - known.hydrogen_count) // MODIFIED_MASS)) if known.weight else 1


def read_fasta(text: str) -> list[Chain]:
    """
    The chains of a FASTA text with headers such as ``>protein|name=target``.

    Raises:
        ValueError: a header is not of that form, or what stands below it is not of its kind.
    """
    records = re.split(r"^>", text, flags=re.MULTILINE)
    if records[0].strip():
        raise ValueError("the text before the first header belongs to no chain")
    return [_record(record) for record in records[1:]]


def _record(record: str) -> Chain:
    header, _, body = record.partition("\n")
    kind, _, label = header.strip().partition("|")
    name = label.removeprefix("name=").strip()
    if kind.strip().lower() not in KINDS or not name or "|" in label:
        raise ValueError(
            f"the header '>{header.strip()[:80]}' is not understood; "
            f"write one of {', '.join(KINDS)} and a name, such as >protein|name=target"
        )
    value = {"kind": kind.strip().lower(), "name": name, "sequence": body}
    if value["kind"] in ("ligand", "glycan"):
        value["sequence"] = " ".join(body.split())
    return Chain.model_validate(value)


def write_fasta(chains: Sequence[Chain]) -> str:
    """The records of the chains, one for each copy."""
    return "".join(f">{it.kind}|name={it.name}\n{it.sequence}\n" for it in chains)


def numbered(chains: Sequence[Chain]) -> Iterator[Chain]:
    """
    One chain for each copy, all named.

    A chain without a name is called for its kind, further chains of one name for their number.
    """
    given: dict[str, int] = {}
    for chain in chains:
        for _ in range(chain.copies):
            name = chain.name or ("molecule" if chain.kind == "ligand" else chain.kind)
            given[name] = given.get(name, 0) + 1
            called = name if given[name] == 1 else f"{name}_{given[name]}"
            yield chain.model_copy(update={"copies": 1, "name": called})


def padded(tokens: int) -> int:
    """
    The size that the network is run in.

    Raises:
        ValueError: more tokens than it takes.
    """
    if tokens > MOST_TOKENS:
        raise ValueError(f"{tokens} tokens; Chai-1 takes {MOST_TOKENS}: residues and heavy atoms together")
    return next(size for size in PADDED if size >= tokens)
