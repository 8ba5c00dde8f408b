"""What a model must offer to be run by ``modal_gpu.attempt``: one method, plain values in and out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from shared.models.work import FailureClass, MetricValue


class PredictionFailed(Exception):
    """The model gave no answer for this ligand; ``kind`` says whether trying again can help."""

    def __init__(self, kind: FailureClass, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Question:
    """
    One ligand to predict, or something else to compute about the target.

    ``inputs`` holds the bytes of the batch's input files by name (``"structure"``: the receptor as
    PDB or mmCIF text); ``parameters`` were validated at submit. ``seed`` is the ligand's own, and
    ``search_seed`` one for all ligands of the screen, for what is set up once per target; together
    they fix every random choice.
    ``attempt`` counts the tries from 1 in each ``round``; an answer must not depend on them.
    ``item`` is what a job without a ligand is about: it has no ``smiles``. A run that starts programs of
    its own must end them before ``seconds`` are over.
    """

    ligand_name: str
    smiles: str | None
    seed: int
    parameters: Mapping[str, JsonValue]
    inputs: Mapping[str, bytes]
    attempt: int = 1
    round: int = 0
    search_seed: int | None = None
    task_type: str = "batch_protein_ligand_screening"
    item: Mapping[str, JsonValue] = field(default_factory=dict)
    seconds: float | None = None

    @property
    def ligand(self) -> str:
        """The SMILES, for a model that can do nothing without; PredictionFailed where there are none."""
        if self.smiles is None:
            message = f"{self.ligand_name} is no ligand: it has no SMILES"
            raise PredictionFailed(FailureClass.INVALID_INPUT, message)
        return self.smiles


@dataclass(frozen=True)
class Prediction:
    """
    One answer.

    ``metrics`` are the catalogue's figures, null where not predicted; ``details`` is what else goes
    into results.json; ``files`` are artefacts by name; ``versions`` the programs that computed it.
    With ``stored`` false nothing is uploaded, not even results.json: the figures are all there is.
    """

    metrics: Mapping[str, MetricValue]
    details: Mapping[str, JsonValue] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    test_model: bool = False
    stored: bool = True


class Predictor(Protocol):
    """
    A model that is loaded once and asked many times, one question at a time.

    One whose process may become useless says so with ``usable``; see ``is_spent``.
    """

    def predict(self, question: Question) -> Prediction:
        """Answer, or raise PredictionFailed with the class and the reason."""
        ...


def is_spent(predictor: Predictor) -> bool:
    """Whether the process must end before the next question, as after an error that breaks its GPU."""
    return not getattr(predictor, "usable", True)
