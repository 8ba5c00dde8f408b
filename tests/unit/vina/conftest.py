import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import JsonValue

from modal_gpu.predictors.base import Question
from modal_gpu.predictors.vina.dock import MAPS

LYSOZYME = Path(__file__).parents[3] / "examples" / "t4l_l99a"
BOX = json.loads((LYSOZYME / "box.json").read_text())

Ask = Callable[..., Question]
USUAL_MB = 200
"""The maps of one search in that box."""


@pytest.fixture(autouse=True)
def _maps_of_unusual_questions_are_given_back() -> Iterator[None]:
    """Those of the usual one serve the next test too."""
    yield
    if MAPS.megabytes > USUAL_MB:
        MAPS.clear()


@pytest.fixture
def ask() -> Ask:
    """A quick question on T4 lysozyme L99A; any parameter can be overridden."""

    def question(
        smiles: str, *, seed: int = 7, structure: bytes | None = None, **parameters: JsonValue
    ) -> Question:
        quick: dict[str, JsonValue] = {"exhaustiveness": 1, "runs": 1}
        if not {"box_from_ligand", "box_from_residues"} & parameters.keys():
            quick["box"] = {"center": BOX["center"], "size": BOX["size"]}
        return Question(
            ligand_name="a ligand",
            smiles=smiles,
            seed=seed,
            parameters=quick | parameters,
            inputs={"structure": structure or (LYSOZYME / "receptor.pdb").read_bytes()},
        )

    return question
