"""What a program of RFantibody meant when it ended badly: one class and one sentence for each way it does."""

import re
import signal
from dataclasses import dataclass

from modal_gpu.predictors.base import PredictionFailed
from modal_gpu.predictors.rfantibody.programs import Ended
from shared.models.work import FailureClass

KILLED = frozenset({-signal.SIGKILL, 128 + signal.SIGKILL})


@dataclass(frozen=True)
class Meaning:
    """A text that a program writes, and what it means."""

    pattern: re.Pattern[str]
    kind: FailureClass
    sentence: str


def _meaning(pattern: str, kind: FailureClass, sentence: str) -> Meaning:
    return Meaning(re.compile(pattern, re.IGNORECASE), kind, sentence)


MEANINGS = (
    _meaning(
        r"out of ?memory",
        FailureClass.OUT_OF_MEMORY,
        "the GPU has too little memory for this target; cut it to the domain around the hotspots",
    ),
    _meaning(
        r"non-positive determinant",
        FailureClass.INVALID_INPUT,
        "a residue's backbone has no proper geometry, as when atoms are missing or lie on one another",
    ),
    _meaning(
        r"diffusion regions not found",
        FailureClass.INVALID_INPUT,
        "the framework has no labels for the loops that are to be designed",
    ),
    _meaning(
        r"only HLT remarked pdb files|indexing is bad|chains are H,L,T",
        FailureClass.INVALID_INPUT,
        "the framework is not in HLT form",
    ),
    _meaning(
        r"name 'sys' is not defined|not efficiently targeting",
        FailureClass.MODEL_ERROR,
        "the backbones do not come near the hotspots; choose others, or fewer",
    ),
    _meaning(
        r"tag \S+ already exists",
        FailureClass.INFRASTRUCTURE,
        "the working folder was not fresh",
    ),
    _meaning(
        r"model weights .* not found|failed to load model|no such file or directory: '[^']*\.pt'",
        FailureClass.INFRASTRUCTURE,
        "the weights are not where they should be; fill their Volume",
    ),
    _meaning(
        r"cuda error|no cuda gpus are available|cuda driver|nvidia driver|no kernel image|cudnn_status",
        FailureClass.INFRASTRUCTURE,
        "the GPU cannot be used",
    ),
    _meaning(
        r"modulenotfounderror|importerror|script not found",
        FailureClass.INFRASTRUCTURE,
        "the program is not installed whole",
    ),
)


def failure(ended: Ended, reason: str) -> PredictionFailed:
    """
    The failure that a program's end means, whether or not its exit status admits it.

    ``reason`` is what was found wrong with its output, for a program that says nothing of it.
    """
    for meaning in MEANINGS:
        if meaning.pattern.search(ended.said):
            return PredictionFailed(meaning.kind, f"{ended.program}: {meaning.sentence}")
    if ended.status in KILLED:
        return PredictionFailed(
            FailureClass.OUT_OF_MEMORY, f"{ended.program} was killed, as when a machine's memory is used up"
        )
    if ended.status:
        reason = f"ended with status {ended.status}: {_last_words(ended.said)}"
    else:
        reason = f"ended as if all were well, but what it should have made {reason}"
    return PredictionFailed(FailureClass.MODEL_ERROR, f"{ended.program} {reason}")


def _last_words(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"
