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
RUNNERS = {
    "boltz2": "modal_gpu.predictors.boltz2.runner",
    "chai1": "modal_gpu.predictors.chai1.runner",
}
"""What a predictor imports only as it loads its model: without the programs it can still be tested."""


@cache
def predictor(model: str) -> Predictor:
    """
    The predictor of a model, loaded once per process.

    Raises:
        KeyError: no predictor has this id.
    """
    path, _, name = PREDICTORS[model].partition(":")
    return cast(Predictor, getattr(import_module(path), name)())


def import_programs(model: str) -> list[ModuleType]:
    """All that the model's runs import, and no more: nothing is loaded, and no GPU is looked for."""
    wanted = [PREDICTORS[model].partition(":")[0], *([RUNNERS[model]] if model in RUNNERS else [])]
    return [import_module(name) for name in wanted]
