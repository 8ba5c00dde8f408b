"""Counters and histograms, and what is read off them."""

import pytest

from services.api.appraisal import bottlenecks, score
from shared.metrics import MOST_SERIES, Counter, Histogram, Registry


def spread(*values: float) -> Histogram:
    """A histogram of these."""
    histogram = Histogram("h", "", bounds=(1.0, 2.0, 5.0))
    for value in values:
        histogram.observe(value)
    return histogram


def test_a_quantile_lies_in_its_bucket_and_below_the_greatest_value() -> None:
    seen = spread(*[0.5] * 50, *[1.5] * 45, *[4.0] * 5).together()
    assert seen.quantile(0.5) == pytest.approx(1.0)
    assert seen.quantile(0.95) == pytest.approx(2.0)
    assert seen.quantile(1.0) == 4.0
    assert spread(9.0).together().quantile(0.5) <= 9.0  # type: ignore[operator]


def test_nothing_observed_has_neither_mean_nor_quantile() -> None:
    seen = spread().together()
    assert (seen.mean, seen.quantile(0.95), seen.above(1.0)) == (None, None, 0)


def test_a_value_on_a_bound_is_not_above_it() -> None:
    assert spread(1.0, 1.1, 7.0).together().above(1.0) == 2


def test_series_beyond_the_bound_are_counted_together() -> None:
    counter = Counter("c", "", ("id",))
    for number in range(MOST_SERIES + 50):
        counter.add(str(number))
    assert len(counter.values()) == MOST_SERIES + 1
    assert counter.values()[("other",)] == 50


def test_labels_are_all_given_or_none_is_counted() -> None:
    with pytest.raises(ValueError, match="1 labels, not 2"):
        Counter("c", "", ("a", "b")).add("x")


def test_a_name_is_taken_once() -> None:
    registry = Registry()
    registry.counter("c", "")
    with pytest.raises(ValueError, match="already"):
        registry.gauge("c", "")


def test_the_score_is_that_of_its_formula() -> None:
    unknown = dict.fromkeys(("errors", "p95", "failures"))
    assert score(bottlenecks({"cpu": 84.9, "memory": 10, "disk": 89.9, **unknown})) == 100
    assert score(bottlenecks({"cpu": 85, "memory": 10, "disk": 10, **unknown})) == 85
    assert score(bottlenecks({"cpu": 100, "memory": 100, "disk": 10, **unknown})) == 50
    assert score(bottlenecks(dict.fromkeys(("cpu", "memory", "disk"), 100) | dict(unknown, p95=90_000))) == 0


def test_the_worst_bottleneck_comes_first() -> None:
    found = bottlenecks({"cpu": 86, "errors": 60, "p95": 4999})
    assert [(it.kind, it.severity) for it in found] == [("errors", "critical"), ("cpu", "warning")]
