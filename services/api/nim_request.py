"""The request of NVIDIA's service of Boltz-2, as its clients send it. Residues count from 1."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from shared.models.base import Frozen

ChainName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Position = Annotated[int, Field(ge=1)]


class Modification(Frozen):
    """A residue that is another component than its letter says."""

    ccd: str
    position: Position


class AlignmentRecord(Frozen):
    """One alignment; ``rank`` orders several, and one is taken here."""

    alignment: Annotated[str, Field(min_length=1)]
    format: Literal["sto", "a3m", "csv", "fasta"]
    rank: int | None = None


class StructuralTemplate(Frozen):
    """A structure that the chain may resemble."""

    structure: Annotated[str, Field(min_length=1)]
    format: Literal["cif", "pdb"] = "cif"
    name: str | None = None
    chain_id: str | None = None


class Polymer(Frozen):
    """A chain; without an id it is called by its place, ``A`` first."""

    id: ChainName | None = None
    molecule_type: Literal["protein", "dna", "rna"]
    sequence: Annotated[str, Field(min_length=1, max_length=4096)]
    cyclic: bool | None = False
    modifications: tuple[Modification, ...] | None = ()
    msa: Mapping[str, Mapping[str, AlignmentRecord]] | None = None
    structural_templates: tuple[StructuralTemplate, ...] | None = None


class Ligand(Frozen):
    """A small molecule, by its SMILES or its code in the CCD."""

    id: ChainName | None = None
    smiles: str | None = None
    ccd: str | None = None
    predict_affinity: bool | None = False
    output_affinity_embedding: Literal[False] = False


class PocketContact(Frozen):
    """A residue of the pocket."""

    id: ChainName
    residue_index: Position


class BondAtom(Frozen):
    """An end of a bond."""

    id: ChainName
    residue_index: Position
    atom_name: str


class PocketConstraint(Frozen):
    """Where a ligand is to bind."""

    constraint_type: Literal["pocket"]
    binder: ChainName
    contacts: Annotated[tuple[PocketContact, ...], Field(min_length=1)]


class BondConstraint(Frozen):
    """A covalent bond."""

    constraint_type: Literal["bond"]
    atoms: Annotated[tuple[BondAtom, ...], Field(min_length=2, max_length=2)]


class NimRequest(Frozen):
    """
    One prediction.

    Matrices and embeddings are not returned, so who asks for them is refused. A target without an
    alignment is predicted from its sequence alone, as that service does.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "polymers": [{"id": "A", "molecule_type": "protein", "sequence": "MNIFEMLRIDEGLRLK"}],
                "ligands": [{"id": "L1", "smiles": "c1ccccc1", "predict_affinity": True}],
                "sampling_steps": 50,
            }
        }
    )

    complex_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    polymers: Annotated[tuple[Polymer, ...], Field(min_length=1, max_length=12)]
    ligands: Annotated[tuple[Ligand, ...], Field(max_length=20)] | None = ()
    constraints: (
        tuple[Annotated[PocketConstraint | BondConstraint, Field(discriminator="constraint_type")], ...]
        | None
    ) = ()
    recycling_steps: int | None = 3
    sampling_steps: int | None = 50
    diffusion_samples: int | None = 1
    step_scale: float | None = 1.638
    max_parallel_samples: int | None = None
    without_potentials: bool | None = False
    output_format: Literal["mmcif"] | None = "mmcif"
    concatenate_msas: Literal[False] | None = False
    sampling_steps_affinity: int | None = 200
    diffusion_samples_affinity: int | None = 5
    affinity_mw_correction: bool | None = False
    write_full_pae: Literal[False] | None = False
    write_full_pde: Literal[False] | None = False
