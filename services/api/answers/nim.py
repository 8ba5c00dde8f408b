"""What the door of NIM clients answers with; see ``answers``. Names and shapes are that service's."""

from typing import Any

from pydantic import JsonValue

from shared.models.base import Frozen

Scores = list[float] | None


class Structure(Frozen):
    """A sample."""

    structure: str
    format: str
    name: str
    source: str


class NimResponse(Frozen):
    """One figure a sample, the best sample first; null where the model gives none."""

    structures: list[Structure]
    confidence_scores: Scores
    ptm_scores: Scores
    iptm_scores: Scores
    ligand_iptm_scores: Scores
    protein_iptm_scores: Scores
    complex_plddt_scores: Scores
    complex_iplddt_scores: Scores
    complex_pde_scores: Scores
    complex_ipde_scores: Scores
    affinities: dict[str, dict[str, list[float]]] | None
    metrics: dict[str, JsonValue]


class Metadata(Frozen):
    """Which model answers."""

    assetInfo: list[str]  # noqa: N815 - a name of that service
    licenseInfo: dict[str, Any]  # noqa: N815
    modelInfo: list[dict[str, str]]  # noqa: N815
    repository_override: str
    version: str
