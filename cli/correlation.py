"""Spearman's rank correlation: pure."""

from collections.abc import Sequence
from statistics import StatisticsError, correlation


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """
    Spearman's ρ of paired values, -1 to 1; equal values share their mean rank.

    None where it says nothing: fewer than three pairs, or all values equal on one side.
    """
    if len(first) < 3:
        return None
    try:
        return correlation(_ranks(first), _ranks(second))
    except StatisticsError:
        return None


def _ranks(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    return [ordered.index(value) + (ordered.count(value) + 1) / 2 for value in values]
