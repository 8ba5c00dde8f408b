"""What can be set for Boltz-2; names and defaults are the program's own where it has them."""

from typing import Annotated, Literal

from pydantic import Field

from shared.catalogue.boltz2_chains import Ccd, Chain, Cofactor, Form
from shared.catalogue.boltz2_constraints import Alignment, Constraint, Pocket, Template
from shared.models.base import Frozen

MOST_CHAINS = 20
"""Of a complex, the ligand included."""
MOST_TEMPLATES, MOST_ALIGNMENTS = 4, 6

Method = Literal[
    "x-ray diffraction", "electron microscopy", "solution nmr", "solid-state nmr", "md", "afdb", "other"
]


class Boltz2Parameters(Frozen):
    """
    Settings of one screen or prediction.

    The target is chain A, its copies B and so on; then come ``chains`` and ``cofactors`` in their order,
    each copy with the next letter, and the ligand is the last chain.
    """

    use_msa: bool = Field(
        True,
        description="Search a multiple sequence alignment for each protein that has none given. "
        "Without one, a protein is predicted from its sequence alone.",
    )
    use_potentials: bool = Field(
        False, description="Steer the structure towards physically sensible geometry while sampling."
    )
    affinity: bool | None = Field(
        None,
        description="Predict the affinity of the ligand. Unless it is said: yes, where the target is "
        "proteins only.",
    )
    recycling_steps: int = Field(3, ge=0, le=10, description="Passes through the trunk after the first one.")
    sampling_steps: int = Field(200, ge=1, le=1000, description="Steps of diffusion for the structure.")
    diffusion_samples: int = Field(
        1, ge=1, le=10, description="Structures that are sampled; the most confident one is reported."
    )
    max_parallel_samples: int = Field(5, ge=1, le=10, description="Samples that share the memory at a time.")
    step_scale: float = Field(
        1.5, ge=0.5, le=3, description="Size of the diffusion steps; smaller gives more diverse samples."
    )
    sampling_steps_affinity: int = Field(
        200, ge=1, le=1000, description="Steps of diffusion where the affinity is predicted."
    )
    diffusion_samples_affinity: int = Field(
        5, ge=1, le=10, description="Structures over which the affinity is predicted."
    )
    affinity_mw_correction: bool = Field(
        False, description="Correct the affinity by the molecular weight of the ligand."
    )
    max_msa_seqs: int = Field(8192, ge=1, le=16384, description="Rows of an alignment that are read.")
    subsample_msa: bool = Field(False, description="Draw rows from the alignment.")
    num_subsampled_msa: int = Field(1024, ge=1, le=16384, description="Rows that are drawn.")
    method: Method | None = Field(
        None, description="The experimental method whose structures the prediction is to resemble."
    )
    target: Form = Field(
        Form(), description="Copies, ring closure and modified residues of the target, which is chain A."
    )
    chains: Annotated[tuple[Chain, ...], Field(max_length=MOST_CHAINS - 1)] = Field(
        (), description="Further protein, DNA and RNA chains of the complex."
    )
    cofactors: Annotated[tuple[Cofactor, ...], Field(max_length=MOST_CHAINS - 1)] = Field(
        (), description="Small molecules and ions that are there beside the ligand."
    )
    ligand_ccd: Ccd | None = Field(
        None,
        description="The code of the ligand in the Chemical Component Dictionary, for one ligand whose "
        "SMILES stands in the library: the model takes the molecule, and the names of its atoms, from there.",
    )
    pocket: Pocket | None = Field(None, description="Where the ligand is to bind.")
    constraints: Annotated[tuple[Constraint, ...], Field(max_length=50)] = Field(
        (), description="Contacts and covalent bonds within the complex."
    )
    templates: Annotated[tuple[Template, ...], Field(max_length=MOST_TEMPLATES)] = Field(
        (), description="Structures that protein chains may resemble."
    )
    msa: Annotated[tuple[Alignment, ...], Field(max_length=MOST_ALIGNMENTS)] = Field(
        (), description="Multiple sequence alignments, by chain, in place of a search."
    )
