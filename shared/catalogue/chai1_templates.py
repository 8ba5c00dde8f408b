"""
Structures that chains may resemble, as Chai-1 reads them: a table of hits, and a file for each structure.

The program looks for such files in a folder before it would fetch them, and aligns each again by itself.
"""

import gzip
import re
from collections.abc import Sequence
from typing import Annotated, Self

import gemmi
from pydantic import Field, model_validator

from shared.catalogue.boltz2_constraints import LONGEST_FILE
from shared.catalogue.chai1_chains import ALPHABETS, LETTERS, Chain
from shared.chemistry import observed
from shared.chemistry.likeness import Likeness, likeness
from shared.chemistry.structure import read_structure
from shared.models.base import Frozen

HITS, STRUCTURE = "templates.m8", ".cif.gz"
"""The input file that names them, and how the names of their files end; before that stands the identifier."""
MOST_TEMPLATES = 4
LEAST_IDENTITY, LEAST_SAME = 0.3, 10
CHAIN = "A"
BACKBONE = frozenset({"N", "CA", "C"})
TOLD = BACKBONE | {"O", "CB"}
"""All atoms that the network is told of; what a modified residue has besides would leave out its template."""

_MISREAD = re.compile(r"(?i)[0-9._e+-]+|nan|null|na|none|inf|infinity|true|false")


class Template(Frozen):
    """
    A structure, PDB or mmCIF, that protein chains may resemble.

    ``template_chain`` is the chain of the file that ``chain``, a letter or a name, follows; without it, the
    one most alike. Without both, each protein chain follows the one most like it, if any is.
    """

    content: Annotated[str, Field(min_length=1, max_length=LONGEST_FILE)]
    chain: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    template_chain: Annotated[str, Field(min_length=1, max_length=5)] | None = None

    @model_validator(mode="after")
    def _of_a_chain(self) -> Self:
        if self.template_chain is not None and self.chain is None:
            raise ValueError("'template_chain' needs 'chain', the chain that follows it")
        return self


class Unusable(ValueError):
    """What is wrong with a template, and in which of its ``part``s."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


def write_template(number: int, template: Template, chains: Sequence[Chain]) -> tuple[str, dict[str, bytes]]:
    """
    The rows of the table for the template, and its chains as files by name.

    ``number`` counts templates from 1; the program takes them in that order.

    Raises:
        Unusable: no structure, a chain that is not there or no protein, or none that is alike.
    """
    followers = _followers(template, chains)
    structures = _structures(template)
    rows, files = "", {}
    for chain in followers:
        found = _most_alike(chain, structures)
        if found is None:
            continue
        place, alike = found
        identifier = f"T{number}N{place + 1}"
        rows += _row(number, str(chain.name), identifier, alike)
        files[f"{identifier}{STRUCTURE}"] = gzip.compress(observed.as_mmcif(structures[place]), mtime=0)
    if not rows:
        names = ", ".join(str(it.name) for it in followers)
        raise Unusable(
            "content",
            f"resembles no chain: {names} must share {LEAST_IDENTITY:.0%} of the aligned residues, and "
            f"{LEAST_SAME} at least, with one of its protein chains",
        )
    return rows, files


def _followers(template: Template, chains: Sequence[Chain]) -> list[Chain]:
    proteins = {LETTERS[index]: it for index, it in enumerate(chains) if it.kind == "protein"}
    named = [it for letter, it in proteins.items() if template.chain in (None, letter, it.name)]
    if not named:
        there = ", ".join(f"{letter} ({it.name})" for letter, it in proteins.items())
        raise Unusable("chain", f"there is no protein chain {template.chain}; there are {there or 'none'}")
    misread = [str(it.name) for it in named if _MISREAD.fullmatch(str(it.name))]
    if misread:
        raise Unusable("chain", f"Chai-1 reads the name {misread[0]} as no name; call the chain otherwise")
    return named


def _structures(template: Template) -> list[gemmi.Structure]:
    """Each protein chain of the template by itself, as chain A; only those that are wanted."""
    try:
        whole = read_structure(template.content)
    except ValueError as error:
        raise Unusable("content", str(error)) from error
    observed.keep_proteins(whole)
    names = [chain.name for chain in whole[0]]
    wanted = template.template_chain
    if wanted is not None and wanted not in names:
        raise Unusable("template_chain", f"there is no protein chain {wanted}; there are {', '.join(names)}")
    return [_alone(whole[0], name) for name in names if wanted in (None, name)]


def _alone(model: gemmi.Model, name: str) -> gemmi.Structure:
    alone = gemmi.Structure()
    alone.add_model(model.clone())
    for other in [chain.name for chain in model if chain.name != name]:
        alone[0].remove_chain(other)
    kept = alone[0][name]
    kept.name = CHAIN
    for place in reversed(range(len(kept))):
        if not _made_plain(kept[place]):
            del kept[place]
    for number, residue in enumerate(kept, start=1):
        residue.seqid = gemmi.SeqId(number, " ")
    return alone


def _made_plain(residue: gemmi.Residue) -> bool:
    """Leave the atoms of ``TOLD`` of the residue that it comes from; whether there is a backbone."""
    letter = gemmi.find_tabulated_residue(residue.name).one_letter_code.upper()
    if letter not in ALPHABETS["protein"].removesuffix("X"):
        return False
    residue.name, residue.het_flag = gemmi.expand_one_letter(letter, gemmi.ResidueKind.AA), "A"
    for place in reversed(range(len(residue))):
        if residue[place].name not in TOLD:
            del residue[place]
    return {atom.name for atom in residue} >= BACKBONE


def _most_alike(chain: Chain, structures: Sequence[gemmi.Structure]) -> tuple[int, Likeness] | None:
    found = [
        (place, alike)
        for place, it in enumerate(structures)
        if (alike := likeness(chain.plain_sequence, _sequence(it))) is not None
    ]
    enough = [it for it in found if it[1].same >= max(LEAST_SAME, LEAST_IDENTITY * it[1].paired)]
    return max(enough, key=lambda it: it[1].same, default=None)


def _sequence(structure: gemmi.Structure) -> str:
    return gemmi.one_letter_code([residue.name for residue in structure[0][CHAIN]])


def _row(number: int, name: str, identifier: str, alike: Likeness) -> str:
    """
    A row of the table.

    The program goes by the names, by the stretch of the structure, and by the e-value, which orders the
    rows: nothing was searched, so there is none, and the template's number stands for it.
    """
    first, second = ((start + 1, end) for start, end in (alike.first, alike.second))
    same = f"{100 * alike.same / alike.paired:.1f}"
    columns = [name, f"{identifier}_{CHAIN}", same, alike.paired, alike.paired - alike.same, 0]
    return "\t".join(map(str, [*columns, *first, *second, number, 0])) + "\n"
