"""A test model that computes nothing: its figures are drawn from the seed, and it fails on demand."""

import os
import random
import time

from modal_gpu.predictors.base import Prediction, PredictionFailed, Question
from shared.catalogue.noop_parameters import NoopParameters
from shared.models.work import FailureClass

CRASH_EXIT_CODE = 70
VERSION = "1"


class NoopPredictor:
    """Implements ``Predictor``; every answer says that it comes from a test model."""

    def __init__(self) -> None:
        self.usable = True

    def predict(self, question: Question) -> Prediction:
        """
        Draw an affinity in [-10, 0] from the seed, after whatever misbehaviour was asked for.

        Without a payload nothing is stored, not even results.json: benchmarks and fault tests run
        tens of thousands of these.

        Raises:
            PredictionFailed: the seed is among the ``failure_rate`` that fail, or the process was broken.
        """
        parameters = NoopParameters.model_validate(dict(question.parameters))
        _misbehave(parameters, question.attempt)
        self.usable = self.usable and question.attempt > parameters.break_attempts
        if not self.usable:
            raise PredictionFailed(FailureClass.INFRASTRUCTURE, f"process {os.getpid()} is broken")
        time.sleep(parameters.delay_seconds)
        doomed = _draw(question.seed, "failure").random() < parameters.failure_rate
        if doomed and question.round < parameters.failing_rounds:
            raise PredictionFailed(FailureClass.MODEL_ERROR, "this ligand was drawn to fail")
        affinity = round(_draw(question.seed, "affinity").uniform(-10, 0), 3)
        payload = _draw(question.seed, "payload").randbytes(parameters.payload_bytes)
        return Prediction(
            metrics={"affinity": affinity},
            files={"payload.bin": payload} if payload else {},
            versions={"noop": VERSION},
            test_model=True,
            stored=bool(payload),
        )


def _misbehave(parameters: NoopParameters, attempt: int) -> None:
    if attempt <= parameters.crash_attempts:
        os._exit(CRASH_EXIT_CODE)
    while attempt <= parameters.hang_attempts:
        time.sleep(1)


def _draw(seed: int, purpose: str) -> random.Random:
    return random.Random(f"{purpose}:{seed}")
