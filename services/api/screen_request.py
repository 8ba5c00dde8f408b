"""A screen as the clients of a hosted Boltz service write it. Residues of a pocket count from 0 there."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, SecretStr, StringConstraints, model_validator

from services.api.screen_sources import Msa, UploadedMolecules
from shared.domain.listening import LONGEST_SECRET, WITH_A_URL_OR_WITHOUT, Events, Milestones, Url
from shared.models.base import Frozen
from shared.models.batch import MAX_LIGANDS_IN_BODY

ChainName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Money = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$")]


class Entity(Frozen):
    """
    A polymer, or a small molecule that is there beside the ligand; one chain for each id.

    Without ``msa`` the alignment of a protein is searched; if one protein has it, all have to.
    """

    type: Literal["protein", "dna", "rna", "ligand_smiles", "ligand_ccd"]
    chain_ids: Annotated[tuple[ChainName, ...], Field(min_length=1, max_length=10)]
    value: Annotated[str, Field(min_length=1)]
    msa: Msa | None = None


class ScreenTarget(Frozen):
    """``pocket_residues``: by chain, counted from 0."""

    entities: Annotated[tuple[Entity, ...], Field(min_length=1, max_length=20)]
    pocket_residues: Mapping[ChainName, tuple[Annotated[int, Field(ge=0)], ...]] = {}


class Molecule(Frozen):
    """``id`` comes back as ``external_id``."""

    smiles: str
    id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class ScreenRequest(Frozen):
    """
    A screen. Other than there, nothing is filtered unless it is asked for.

    ``molecule_filters`` and ``model_options`` are those of a submission; ``seed`` is among the latter.
    ``max_cost_usd`` is a decimal number as text. ``webhook_url``, which is told of it, and what goes with
    that are those of a submission.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": WITH_A_URL_OR_WITHOUT,
            "example": {
                "target": {
                    "entities": [{"type": "protein", "chain_ids": ["A"], "value": "MNIFEMLRIDEGLRLK"}],
                    "pocket_residues": {"A": [2, 3]},
                },
                "molecules": [{"smiles": "c1ccccc1", "id": "cmpd-1"}],
                "idempotency_key": "my-run-1",
                "max_cost_usd": "50.00",
            },
        }
    )

    target: ScreenTarget
    molecules: (
        Annotated[tuple[Molecule, ...], Field(min_length=1, max_length=MAX_LIGANDS_IN_BODY)]
        | UploadedMolecules
    )
    molecule_filters: Mapping[str, JsonValue] | None = None
    model: str = "boltz-2"
    model_options: Mapping[str, JsonValue] = {}
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)] = "screen"
    idempotency_key: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    max_cost_usd: Money | None = None
    webhook_url: Url | None = None
    webhook_events: Events | None = None
    webhook_milestones: Milestones | None = None
    webhook_secret: Annotated[SecretStr, Field(min_length=1, max_length=LONGEST_SECRET)] | None = None

    @model_validator(mode="after")
    def _each_chain_once(self) -> Self:
        names = [name for entity in self.target.entities for name in entity.chain_ids]
        if len(set(names)) < len(names):
            raise ValueError("two chains of the target have the same id")
        return self
