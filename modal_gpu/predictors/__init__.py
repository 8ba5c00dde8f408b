"""The predictors by model id. A model's programs are imported when it is first asked for."""

from functools import cache
from importlib import import_module
from typing import cast

from modal_gpu.predictors.base import Predictor

PREDICTORS = {
    "noop": "modal_gpu.predictors.noop:NoopPredictor",
    "vina": "modal_gpu.predictors.vina.predictor:VinaPredictor",
}


@cache
def predictor(model: str) -> Predictor:
    """
    The predictor of a model, loaded once per process.

    Raises:
        KeyError: no predictor has this id.
    """
    module, _, name = PREDICTORS[model].partition(":")
    return cast(Predictor, getattr(import_module(module), name)())
