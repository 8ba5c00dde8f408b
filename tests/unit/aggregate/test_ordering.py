"""Sorting in few bytes is the ranking that the API shows."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.aggregate.columns import Kinds
from services.aggregate.ordering import stable_order
from shared.domain.rows import ranks
from tests.support.properties import examples

scores = st.lists(
    st.sampled_from([-0.0, 0.0, -7.5, 1e-300]) | st.floats(allow_nan=False, width=16) | st.floats(-12, 0)
)


@pytest.mark.parametrize("order", ["ascending", "descending"])
@given(values=scores)
@examples(100)
def test_the_order_is_that_of_the_ranks_and_ties_keep_theirs(order: str, values: list[float]) -> None:
    ranked = ranks(list(enumerate(values)), order=order)
    assert list(stable_order(array("d", values), order=order)) == sorted(ranked, key=ranked.__getitem__)


@given(st.lists(st.integers(0, 5)))
@examples(100)
def test_whole_numbers_keep_their_order_among_equals(values: list[int]) -> None:
    expected = sorted(range(len(values)), key=values.__getitem__)
    assert list(stable_order(array("q", values), order="ascending")) == expected


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([], "number"),
        ([None, None], "number"),
        ([1, 2], "integer"),
        ([1, 2.5, None], "number"),
        ([True, False], "boolean"),
        (["a"], "text"),
        ([1, "a"], "text"),
        ([True, 1], "text"),
        ([2**63], "number"),
    ],
)
def test_a_column_has_the_one_kind_that_holds_all_its_values(
    values: list[float | str | None], kind: str
) -> None:
    kinds = Kinds()
    for value in values:
        kinds.add({"figure": value})
    assert kinds.of("figure") == kind
