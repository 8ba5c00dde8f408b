"""An installation of RFantibody whose programs are stand-ins, and questions to it."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from modal_gpu.predictors.base import Prediction, Question
from modal_gpu.predictors.rfantibody.predictor import RfantibodyPredictor
from modal_gpu.predictors.rfantibody.stages import EXAMPLES, FRAMEWORKS, WEIGHTS
from shared.catalogue.preparing import Prepared, Target
from shared.catalogue.rfantibody_parameters import RfantibodyParameters
from shared.catalogue.rfantibody_target import prepare
from shared.settings import RfantibodySettings
from tests.support import rfantibody_trio

LYSOZYME = (Path(__file__).parents[3] / "examples" / "t4l_l99a" / "receptor.pdb").read_bytes()
LENGTH = 162
SEARCH_SEED, SEED = 1_000, 77


def framework(chains: str, *, loops: bool = True) -> str:
    """A made-up framework in HLT form: 40 alanines a chain, three loops in each."""
    residues = []
    for chain in chains:
        for place in range(40):
            number = {10: "1", 11: "1", 20: "2", 21: "2", 30: "3", 31: "3"}.get(place, "")
            residues.append((chain, "ALA", f"{chain}{number}" if number and loops else ""))
    return "".join(rfantibody_trio.pdb_lines(residues))


@dataclass
class Installation:
    """A checkout with programs and frameworks, weights, and the predictor that uses them."""

    source: Path
    weights: Path

    @property
    def predictor(self) -> RfantibodyPredictor:
        return RfantibodyPredictor(RfantibodySettings(source=self.source, weights=self.weights))

    def goes_wrong(self, **faults: Any) -> None:
        """What the stand-ins are to do wrong, by program."""
        (self.source / "faults.json").write_text(json.dumps(faults))

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Every call of a program so far."""
        return [json.loads(line) for line in (self.source / "calls.jsonl").read_text().splitlines()]

    def arguments(self, program: str) -> list[str]:
        """Those of its last call."""
        last: list[str] = [call["arguments"] for call in self.calls if call["program"] == program][-1]
        return last


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """As an image has it, with stand-ins for the programs and made-up frameworks."""
    made = Installation(tmp_path / "rfantibody", tmp_path / "weights")
    programs = made.source / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("rfdiffusion", "proteinmpnn", "rf2"):
        script = programs / name
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {rfantibody_trio.__file__} {name} "$@"\n')
        script.chmod(0o755)
    (made.source / EXAMPLES).mkdir(parents=True)
    for kind, file in FRAMEWORKS.items():
        (made.source / EXAMPLES / file).write_text(framework("H" if kind == "vhh" else "HL"))
    made.weights.mkdir()
    for name in WEIGHTS:
        (made.weights / name).write_bytes(b"weights")
    return made


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
