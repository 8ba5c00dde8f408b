"""What can be set for a prediction with Chai-1; names and defaults of the sampling are the program's own."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from shared.catalogue.chai1_chains import MOST_CHAINS, Chain, read_fasta
from shared.catalogue.chai1_restraints import Restraint
from shared.catalogue.chai1_templates import MOST_TEMPLATES, Template
from shared.models.base import Frozen

LONGEST_FASTA = 20_000
MOST_RESTRAINTS = 100


class Chai1Parameters(Frozen):
    """
    Settings of one screen or prediction.

    The target's sequence is chain A; then come ``chains`` in their order, each copy with the next letter,
    and the ligand of a run is the last chain. Or ``fasta`` has all chains but that ligand.
    """

    fasta: str | None = Field(
        None,
        min_length=1,
        max_length=LONGEST_FASTA,
        description="The whole complex, but for the ligand, in place of sequence and chains: headers such as "
        ">protein|name=target; also dna, rna, glycan and ligand.",
    )
    chains: Annotated[tuple[Chain, ...], Field(max_length=MOST_CHAINS - 2)] = Field(
        (), description="Further chains of the complex."
    )
    use_msa: bool = Field(
        False,
        description="Search a multiple sequence alignment for each protein, once for all ligands. Without, "
        "proteins are predicted from their sequences and the language model. Also called use_msa_server.",
    )
    use_esm_embeddings: bool = Field(
        True, description="Describe proteins by a language model; it makes up for an alignment in part."
    )
    num_samples: int = Field(
        5, ge=1, le=10, description="Structures that are sampled; the best by aggregate score is reported."
    )
    num_trunk_samples: int = Field(
        1, ge=1, le=5, description="Passes of the trunk with a seed each; each has its own samples."
    )
    num_trunk_recycles: int = Field(3, ge=1, le=10, description="Recycles of the trunk.")
    num_diffn_timesteps: int = Field(200, ge=50, le=500, description="Steps of diffusion.")
    recycle_msa_subsample: int = Field(
        0, ge=0, le=1, description="1: draw other rows of the alignment in each recycle."
    )
    restraints: Annotated[tuple[Restraint, ...], Field(max_length=MOST_RESTRAINTS)] = Field(
        (), description="Contacts, pockets and covalent bonds that are known."
    )
    templates: Annotated[tuple[Template, ...], Field(max_length=MOST_TEMPLATES)] = Field(
        (), description="Structures that protein chains may resemble."
    )
    low_memory: bool = Field(True, description="Keep on the GPU only what is being computed with.")

    @model_validator(mode="before")
    @classmethod
    def _also_called(cls, given: object) -> object:
        """The name that the program and older orders have for ``use_msa``."""
        if not isinstance(given, Mapping) or "use_msa_server" not in given:
            return given
        wanted = given["use_msa_server"]
        if given.get("use_msa", wanted) != wanted:
            raise ValueError("use_msa and use_msa_server are the same; say it once")
        others = {name: value for name, value in given.items() if name != "use_msa_server"}
        return {**others, "use_msa": wanted}

    @field_validator("fasta")
    @classmethod
    def _readable(cls, text: str | None) -> str | None:
        if text is not None and not read_fasta(text):
            raise ValueError("has no record; write headers such as >protein|name=target")
        return text

    @model_validator(mode="after")
    def _one_description(self) -> Self:
        if self.fasta is not None and self.chains:
            raise ValueError("give the complex either as 'fasta' or by 'chains'")
        return self
