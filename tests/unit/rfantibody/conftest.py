"""An installation of RFantibody, and questions to it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modal_gpu.predictors.base import Prediction, Question
from shared.catalogue.preparing import Prepared, Target
from shared.catalogue.rfantibody_parameters import RfantibodyParameters
from shared.catalogue.rfantibody_target import prepare
from tests.support.rfantibody import LYSOZYME, Installation, installed

SEARCH_SEED, SEED = 1_000, 77


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """With stand-ins for its programs."""
    return installed(tmp_path)


def prepared(structure: bytes = LYSOZYME, **parameters: Any) -> Prepared:
    """What submit settles for a campaign on T4 lysozyme."""
    given = RfantibodyParameters.model_validate({"hotspots": ["A:20", "A22"], **parameters})
    return prepare(given, Target("nanobody_design", "T4 lysozyme", structures={"structure": structure}))


def question(settled: Prepared, *, first: int = 0, designs: int = 2, **changes: Any) -> Question:
    """One job of the campaign."""
    return Question(
        **{
            "ligand_name": "designs",
            "smiles": "",
            "seed": SEED,
            "search_seed": SEARCH_SEED,
            "parameters": settled.parameters.model_dump(mode="json", exclude_none=True),
            "inputs": settled.inputs,
            "task_type": "nanobody_design",
            "item": {"first_design": first, "designs": designs},
            "seconds": 60.0,
            **changes,
        }
    )


Designs = Callable[..., Prediction]


@pytest.fixture
def design(installation: Installation) -> Designs:
    """Design with the stand-ins; parameters of the campaign by keyword, of the job first and designs."""

    def designed(*, first: int = 0, designs: int = 2, **parameters: Any) -> Prediction:
        quick = {"sequences_per_backbone": 3, **parameters}
        return installation.predictor.predict(question(prepared(**quick), first=first, designs=designs))

    return designed
