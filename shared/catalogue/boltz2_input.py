"""
The complex that every run of a batch predicts, without its ligand: what stands in ``target.json``.

It is written at submit, where all of it was checked, and read by the run.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from shared.catalogue.boltz2_chains import Kind, Modification
from shared.catalogue.boltz2_constraints import Bond, Contact, Pocket
from shared.models.base import Frozen

NAME = "target.json"


class Polymer(Frozen):
    """
    All chains of one sequence, which the model takes for one entity.

    ``msa`` is the input file with their alignment; None: they are predicted from the sequence alone.
    """

    kind: Kind
    ids: Annotated[tuple[str, ...], Field(min_length=1)]
    sequence: str
    cyclic: bool = False
    modifications: tuple[Modification, ...] = ()
    msa: str | None = None


class Molecule(Frozen):
    """A cofactor in as many chains as it has copies."""

    ids: Annotated[tuple[str, ...], Field(min_length=1)]
    smiles: str | None = None
    ccd: str | None = None


class TemplateFile(Frozen):
    """A template: its input file, and which chain of it belongs to which of ours."""

    file: str
    chain: str | None = None
    template_chain: str | None = None
    force: bool = False
    threshold: float | None = None


class Complex(Frozen):
    """
    The chains in the order in which the model counts them; ``ligand`` is the id that the ligand gets.

    ``ligand_ccd`` names the ligand where it is to be taken from the dictionary.
    """

    polymers: Annotated[tuple[Polymer, ...], Field(min_length=1)]
    molecules: tuple[Molecule, ...] = ()
    ligand: str
    ligand_ccd: str | None = None
    pocket: Pocket | None = None
    constraints: tuple[Contact | Bond, ...] = ()
    templates: tuple[TemplateFile, ...] = ()

    def polymer(self, chain: str) -> Polymer | None:
        """The polymer that has a chain of this id."""
        return next((polymer for polymer in self.polymers if chain in polymer.ids), None)

    def molecule(self, chain: str) -> Molecule | None:
        """The cofactor that has a chain of this id."""
        return next((molecule for molecule in self.molecules if chain in molecule.ids), None)

    def chains(self, *, ligand: bool) -> Iterator[str]:
        """The ids in the order in which the model counts chains; ``ligand``: with the ligand's."""
        for polymer in self.polymers:
            yield from polymer.ids
        for molecule in self.molecules:
            yield from molecule.ids
        if ligand:
            yield self.ligand

    def proteins(self) -> int:
        """How many chains are proteins."""
        return sum(len(polymer.ids) for polymer in self.polymers if polymer.kind == "protein")
