"""What a model computes on: never on something else than was asked for."""

import pytest

from modal_gpu.predictors.base import PredictionFailed
from modal_gpu.predictors.programs import device
from shared.models.work import FailureClass
from shared.settings.containers import ContainerSettings


def test_a_model_without_its_gpu_fails_and_does_not_fall_back_to_processors() -> None:
    asked = ContainerSettings().accelerator
    assert device(asked, there=True) == "gpu"
    with pytest.raises(PredictionFailed, match="no GPU") as failure:
        device(asked, there=False)
    assert failure.value.kind is FailureClass.INFRASTRUCTURE


def test_processors_are_taken_where_they_were_asked_for() -> None:
    assert device("cpu", there=False) == device("cpu", there=True) == "cpu"
