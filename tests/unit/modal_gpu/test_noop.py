"""The test model: decided by the seed, and honest about being one."""

from dataclasses import replace

import pytest
from pydantic import JsonValue

from modal_gpu.predictors import PREDICTORS, predictor
from modal_gpu.predictors.base import PredictionFailed, Question
from modal_gpu.predictors.noop import NoopPredictor
from shared.catalogue.entry import _all
from shared.models.work import FailureClass


def ask(seed: int, **parameters: JsonValue) -> Question:
    return Question("ethanol", "CCO", seed, parameters, {})


def test_the_seed_alone_decides_the_answer() -> None:
    noop = predictor("noop")
    first, again = (noop.predict(ask(3, payload_bytes=50)) for _ in range(2))
    assert first == again == noop.predict(replace(ask(3, payload_bytes=50), attempt=2, smiles="C"))
    assert noop.predict(ask(4)).metrics != first.metrics


def test_every_figure_lies_in_the_range_of_the_catalogue() -> None:
    low, high = _all()["noop"].metrics["affinity"].range
    assert low is not None
    assert high is not None
    for seed in range(1, 200):
        assert low <= float(str(predictor("noop").predict(ask(seed)).metrics["affinity"])) <= high


def test_every_answer_says_that_it_is_of_a_test_model() -> None:
    assert predictor("noop").predict(ask(1)).test_model


def test_without_a_payload_nothing_is_to_be_stored() -> None:
    bare, loaded = (predictor("noop").predict(ask(1, payload_bytes=n)) for n in (0, 9))
    assert (bare.stored, dict(bare.files)) == (False, {})
    assert (loaded.stored, len(loaded.files["payload.bin"])) == (True, 9)


def test_the_failure_rate_is_kept_and_the_seed_decides_who_fails() -> None:
    def fails(seed: int) -> bool:
        try:
            predictor("noop").predict(ask(seed, failure_rate=0.25))
        except PredictionFailed as error:
            return error.kind is FailureClass.MODEL_ERROR
        return False

    drawn = [fails(seed) for seed in range(1, 2001)]
    assert 0.2 < sum(drawn) / len(drawn) < 0.3
    assert drawn[:50] == [fails(seed) for seed in range(1, 51)]


def test_a_predictor_is_loaded_once_and_an_unknown_one_not_at_all() -> None:
    assert predictor("noop") is predictor("noop")
    with pytest.raises(KeyError):
        predictor("boltz9000")


def test_every_model_of_the_catalogue_that_the_pool_runs_has_a_predictor() -> None:
    assert {entry.id for entry in _all().values() if entry.engine == "pool"} <= set(PREDICTORS)


def test_a_process_that_was_broken_answers_nothing_any_more() -> None:
    model = NoopPredictor()
    model.predict(ask(1, break_attempts=0))
    assert model.usable
    for question in (ask(1, break_attempts=1), ask(2), replace(ask(1, break_attempts=1), attempt=2)):
        with pytest.raises(PredictionFailed, match="is broken") as caught:
            model.predict(question)
        assert caught.value.kind is FailureClass.INFRASTRUCTURE
        assert not model.usable
