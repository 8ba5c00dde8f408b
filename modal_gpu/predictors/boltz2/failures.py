"""
From what Boltz-2 says to why a ligand failed.

The model's own exit code proves nothing, and its messages are for its authors.
"""

import re
from dataclasses import dataclass

from modal_gpu.predictors.base import PredictionFailed
from modal_gpu.predictors.programs import breaks_gpu, fills_memory
from shared.models.work import FailureClass

REFUSED = re.compile(
    r"^Failed to process .*?\. Skipping\. Error: (?P<said>.*?)\.?\s*\Z", re.MULTILINE | re.DOTALL
)
RAISED = re.compile(r"^(?:[\w]+\.)*(?P<name>[A-Z]\w*)(?::|$)", re.MULTILINE)
SERVER = ("MMseqs2 API", "Too many failed attempts")
# What is said for what, where the model's words would puzzle a chemist.
MEANINGS = (
    (
        "Pre-condition Violation",
        "the ligand cannot be standardised, as of several fragments: leave out counter-ions and water",
    ),
    ("Molecule is excluded", "metals and organometallic ligands are beyond the affinity prediction"),
    ("Molecule is broken", "the ligand does not survive standardisation"),
    ("'NoneType' object has no attribute 'GetAtoms'", "the SMILES cannot be parsed"),
    ("Missing MSA's in input", "a protein has no alignment, and none is to be left out explicitly"),
    ("Failed to compute 3D conformer", "no three-dimensional start could be made for the ligand"),
)
STORAGE = frozenset({"OSError", "BlockingIOError", "PermissionError"})


@dataclass(frozen=True)
class Verdict:
    """Why a run failed, and whether the process can go on: after some errors of a GPU nothing works."""

    kind: FailureClass
    message: str
    usable: bool = True

    def failure(self) -> PredictionFailed:
        """The exception that says it."""
        return PredictionFailed(self.kind, self.message)


def of_reading(log: str) -> Verdict:
    """Why the model skipped an input, from what it printed."""
    said = _last_refusal(log)
    if said is None:
        return Verdict(FailureClass.MODEL_ERROR, "the model read the input and left nothing")
    name, text = said
    if any(part in text for part in SERVER):
        return Verdict(FailureClass.INFRASTRUCTURE, f"the alignment server does not answer: {text}")
    if name == "MemoryError":
        return Verdict(FailureClass.OUT_OF_MEMORY, "the machine ran out of memory while the input was read")
    if name in STORAGE:
        return Verdict(FailureClass.INFRASTRUCTURE, f"the input could not be read: {text}")
    meaning = next((meaning for part, meaning in MEANINGS if part in text), None)
    reason = meaning or f"{name}: {text}"
    return Verdict(FailureClass.INVALID_INPUT, f"Boltz-2 refuses the input: {reason}")


def of_error(error: BaseException, doing: str) -> Verdict:
    """What an exception of the model means."""
    text = f"{type(error).__name__}: {error}"
    if fills_memory(error):
        return out_of_memory(doing)
    if breaks_gpu(error):
        return Verdict(FailureClass.INFRASTRUCTURE, f"the GPU failed while {doing}: {text}", usable=False)
    if isinstance(error, OSError):
        return Verdict(FailureClass.INFRASTRUCTURE, f"{text}, while {doing}")
    return Verdict(FailureClass.MODEL_ERROR, f"{text}, while {doing}")


def out_of_memory(doing: str) -> Verdict:
    """The GPU is too small for this complex."""
    return Verdict(FailureClass.OUT_OF_MEMORY, f"the GPU ran out of memory while {doing}")


def _last_refusal(log: str) -> tuple[str, str] | None:
    """The name and the first line of the exception for which an input was skipped."""
    found = REFUSED.search(log)
    if found is None:
        return None
    raised = RAISED.findall(log[: found.start()])
    lines = [line.strip() for line in found["said"].splitlines() if line.strip()]
    return raised[-1] if raised else "Error", lines[0].rstrip(".") if lines else "no reason given"
