"""Chai-1 as a predictor: loaded once per process, then one complex at a time."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

from modal_gpu.predictors.base import Prediction, Question
from modal_gpu.predictors.chai1.answering import answer
from modal_gpu.predictors.chai1.runner import Runner

PROGRAMS = ("chai_lab", "torch", "rdkit", "gemmi")


class Chai1Predictor:
    """Implements ``Predictor``; the inputs hold what ``shared.catalogue.chai1_target`` prepared."""

    def __init__(self) -> None:
        self._runner = Runner()

    def load(self) -> None:
        """Read the weights now; else the first run does."""
        self._runner.load()

    def predict(self, question: Question) -> Prediction:
        """See ``answer``."""
        return answer(question, self._runner.fold, versions())


@cache
def versions() -> Mapping[str, str]:
    """The programs that compute an answer."""
    return {program: version(program) for program in PROGRAMS}
