"""
Templates without a network: structures are laid where the program would fetch them to.

Release 0.6.1 takes a table of hits only. It fetches the structure of each into a folder of its output, unless
it is there, and leaves out in silence what it cannot align or read.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from modal_gpu.predictors.base import PredictionFailed
from shared.catalogue.chai1_templates import STRUCTURE
from shared.models.work import FailureClass

ALIGNER = "kalign"


def check_aligner() -> None:
    """PredictionFailed (infrastructure) where the program's aligner is missing."""
    if shutil.which(ALIGNER) is None:
        message = f"{ALIGNER}, which aligns templates, is not installed"
        raise PredictionFailed(FailureClass.INFRASTRUCTURE, message)


def supplied(genuine: Callable[..., Any]) -> Callable[..., Any]:
    """The program's ``get_template_context`` with the structures beside the table, its result checked."""

    def get_template_context(
        *, chains: Sequence[Any], template_hits_m8: Path, template_cif_cache_folder: Path, **others: Any
    ) -> Any:
        template_cif_cache_folder.mkdir(parents=True, exist_ok=True)
        for structure in template_hits_m8.parent.glob(f"*{STRUCTURE}"):
            shutil.copy(structure, template_cif_cache_folder)
        found = genuine(
            chains=chains,
            template_hits_m8=template_hits_m8,
            template_cif_cache_folder=template_cif_cache_folder,
            **others,
        )
        _check_all_read(template_hits_m8.read_text(), chains, found.template_mask)
        return found

    return get_template_context


def _check_all_read(hits: str, chains: Sequence[Any], mask: Any) -> None:
    """``mask``: for each template and token whether it is known; the tokens of chains follow each other."""
    wanted = Counter(row.partition("\t")[0] for row in hits.splitlines())
    start = 0
    for chain in chains:
        name, end = chain.entity_data.entity_name, start + chain.num_tokens
        read = int(mask[:, start:end].any(dim=-1).sum())
        if read != wanted[name]:
            message = f"the model used {read} of {wanted[name]} templates for the chain {name}"
            raise PredictionFailed(FailureClass.INVALID_INPUT, message)
        start = end
