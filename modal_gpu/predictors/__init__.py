"""The predictors by model id. A model's programs are imported when it is first asked for."""

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import cast

from modal_gpu.predictors.base import Predictor

PREDICTORS = {
    "boltz2": "modal_gpu.predictors.boltz2.predictor:Boltz2Predictor",
    "chai1": "modal_gpu.predictors.chai1.predictor:Chai1Predictor",
    "noop": "modal_gpu.predictors.noop:NoopPredictor",
    "rfantibody": "modal_gpu.predictors.rfantibody.predictor:RfantibodyPredictor",
    "vina": "modal_gpu.predictors.vina.predictor:VinaPredictor",
}


@cache
def predictor(model: str) -> Predictor:
    """
    The predictor of a model, loaded once per process.

    Raises:
        KeyError: no predictor has this id.
    """
    name = PREDICTORS[model].partition(":")[2]
    return cast(Predictor, getattr(module(model), name)())


def module(model: str) -> ModuleType:
    """The module of a predictor, imported with the programs of its model; KeyError if there is none."""
    return import_module(PREDICTORS[model].partition(":")[0])
