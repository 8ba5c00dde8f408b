"""Which figures of an older result are believed."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration.figures import COPIES, read_figures
from migration.spelling import number
from shared.catalogue.entry import known
from tests.support.old_tree import ZEROS, figures

RANGES = {name: (it.range[0], it.range[1]) for name, it in known("boltz2").metrics.items()}
ENSEMBLE = figures()["affinity_ensemble"]
VERDICTS = {
    *("pose_valid", "checks_failed", "failed_checks", "contacts"),
    *("pocket", "pocket_distance", "pocket_centroid_distance"),
}
"""What our own runs find out about a pose; no older result has it."""


def read(*documents: dict[str, Any]) -> dict[str, float]:
    return dict(read_figures(documents, RANGES).values)


def test_a_whole_result_gives_every_figure_of_the_catalogue_but_what_it_does_not_state() -> None:
    assert set(read(figures())) == set(RANGES) - {"protein_iptm"} - VERDICTS


@pytest.mark.parametrize(
    "result",
    [
        {"raw_modal_result": figures()},
        {"results": {"raw_modal_result": figures()}},
        {"affinity": ENSEMBLE, "confidence": figures()["confidence_metrics"]},
        {**ZEROS, "affinity_ensemble": ENSEMBLE, "confidence_metrics": figures()["confidence_metrics"]},
        {**ENSEMBLE, **figures()["confidence_metrics"]},
    ],
)
def test_the_models_own_names_are_found_wherever_they_stand(result: dict[str, Any]) -> None:
    assert read(result) == read(figures())


@pytest.mark.parametrize(
    ("result", "affinity"),
    [
        ({"affinity": 0.0}, None),
        ({"affinity": 0.0, "affinity_probability": 0.7}, None),  # the old name for a figure that was lost
        ({"affinity_pred_value": 0.0}, None),
        ({"affinity_pred_value": 0.0, "affinity_probability_binary": 0.0}, None),
        ({"affinity_pred_value": 0.0, "affinity_probability_binary": 0.7}, 0.0),  # 1 µM
        ({"affinity": -1.2}, -1.2),
        ({"affinity": 0.0, "affinity_pred_value": -1.2}, -1.2),
        ({"affinity": "-1.2"}, None),
        ({"affinity": True}, None),
        ({"affinity": math.nan}, None),
        ({"affinity_pred_value": math.inf}, None),
    ],
)
def test_a_zero_has_to_prove_itself(result: dict[str, Any], affinity: float | None) -> None:
    assert read(result).get("affinity") == affinity


def test_what_was_not_believed_is_said() -> None:
    found = read_figures([{**ZEROS, "affinity_probability": 1.5}], RANGES)
    assert found.values == {}
    assert any("0.0 stands for a missing figure: affinity" in doubt for doubt in found.doubts)
    assert "affinity_prob = 1.5 is out of its range" in found.doubts


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
        lambda inner: st.dictionaries(
            st.sampled_from([*ZEROS, *ENSEMBLE, "raw_modal_result", "results", "affinity_ensemble"]), inner
        ),
        max_leaves=12,
    )
)
def test_every_figure_is_finite_in_its_range_and_stands_in_the_result(result: Any) -> None:
    found = read(result if isinstance(result, dict) else {})
    for name, value in found.items():
        least, most = RANGES[name]
        assert math.isfinite(value)
        assert least is None or least <= value
        assert most is None or value <= most
        assert value in set(_numbers(result))
    assert all(found.get(copy) == found.get(name) for copy, name in COPIES.items())


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [it for inner in value.values() for it in _numbers(inner)]
    found = number(value)
    return [] if found is None else [found]
