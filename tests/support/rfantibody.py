"""An installation of RFantibody whose programs are stand-ins."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modal_gpu.predictors.rfantibody.predictor import RfantibodyPredictor
from modal_gpu.predictors.rfantibody.stages import EXAMPLES, FRAMEWORKS, WEIGHTS
from shared.settings.containers import RfantibodySettings
from tests.support import rfantibody_trio

LYSOZYME = (Path(__file__).parents[2] / "examples" / "t4l_l99a" / "receptor.pdb").read_bytes()
LENGTH = 162


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


def installed(folder: Path) -> Installation:
    """As an image has it, with stand-ins for the programs and made-up frameworks."""
    made = Installation(folder / "rfantibody", folder / "weights")
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
