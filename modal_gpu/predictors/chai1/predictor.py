"""Chai-1 as a predictor: loaded once per process, then one complex at a time."""

from typing import Protocol

from modal_gpu.predictors.base import Prediction, Question
from modal_gpu.predictors.chai1.answering import answer
from modal_gpu.predictors.chai1.files import Layout
from modal_gpu.predictors.chai1.reader import Errors
from modal_gpu.predictors.programs import versions
from shared.catalogue.chai1_parameters import Chai1Parameters
from shared.settings.containers import ContainerSettings

PROGRAMS = ("chai_lab", "torch", "rdkit", "gemmi")


class Program(Protocol):
    """The program as it is asked; see ``runner.Runner``. It is ``usable`` until it breaks its GPU."""

    usable: bool

    def fold(self, layout: Layout, parameters: Chai1Parameters, seed: int) -> Errors:
        """Fold one complex into ``layout.output``."""
        ...


class Chai1Predictor:
    """Implements ``Predictor``; the inputs hold what ``shared.catalogue.chai1_target`` prepared."""

    def __init__(self, program: Program | None = None) -> None:
        self._program = program

    def load(self) -> Program:
        """Read the weights now; else the first run does."""
        self._program = self._program or _loaded()
        return self._program

    @property
    def usable(self) -> bool:
        """Whether this process can answer another question."""
        return self._program is None or self._program.usable

    def predict(self, question: Question) -> Prediction:
        """See ``answer``."""
        return answer(question, self.load().fold, versions(*PROGRAMS))


def _loaded() -> Program:
    from modal_gpu.predictors.chai1.runner import Runner

    program = Runner(ContainerSettings().weights)
    program.load()
    return program
