"""When a milestone is passed, and when it is worth looking for one."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.milestones import LOOKS, THRESHOLDS, passed, worth_a_look
from shared.models.batch import Counts
from shared.models.facts import Leaf
from tests.support.facts import a_batch
from tests.support.properties import examples
from tests.support.world import NOON


def leaves(*settled: int) -> list[Leaf]:
    """Leaves with so many outcomes each."""
    return [Leaf(round=0, k=k, n=n, completed=n, moved_at=NOON) for k, n in enumerate(settled)]


@pytest.mark.parametrize(
    ("submitted", "valid", "settled", "expected"),
    [
        (100, 100, 0, ()),
        (100, 100, 9, ()),
        (100, 100, 10, (10,)),
        (100, 100, 24, (10,)),
        (100, 100, 25, (10, 25)),
        (100, 100, 49, (10, 25)),
        (100, 100, 50, (10, 25, 50)),
        (100, 100, 75, (10, 25, 50, 75)),
        (100, 100, 89, (10, 25, 50, 75)),
        (100, 100, 90, (10, 25, 50, 75, 90)),
        (100, 100, 99, (10, 25, 50, 75, 90)),
        (100, 100, 100, THRESHOLDS),
        (1_000_000, 1_000_000, 999_999, (10, 25, 50, 75, 90)),
        (3, 3, 1, (10, 25)),
        (3, 3, 2, (10, 25, 50)),
        (10, 1, 0, (10, 25, 50, 75, 90)),
    ],
)
def test_a_threshold_is_passed_exactly_when_its_share_of_all_rows_is_settled(
    submitted: int, valid: int, settled: int, expected: tuple[int, ...]
) -> None:
    batch = a_batch(counts=Counts(submitted=submitted, valid=valid, invalid=submitted - valid))
    assert passed(batch, leaves(settled // 2, settled - settled // 2)) == expected


@examples(100)
@given(quota=st.integers(1, 3000), moves=st.lists(st.integers(1, 300), max_size=30))
def test_every_look_at_leaf_0_is_taken_once_however_its_counter_moves(quota: int, moves: list[int]) -> None:
    stops = sorted({min(quota, stop) for stop in (*accumulate(moves), quota)})
    steps = [(n, after) for n, after in pairwise((0, *stops)) if worth_a_look(0, n, after, quota)]
    seen = [share for n, after in steps for share in LOOKS if 100 * n < share * quota <= 100 * after]
    assert len(steps) <= len(LOOKS) == 10
    assert seen == list(LOOKS)


@given(n=st.integers(0, 3000), quota=st.integers(1, 3000))
def test_a_duplicate_is_never_worth_a_look(n: int, quota: int) -> None:
    assert not worth_a_look(0, n, n, quota)


@given(leaf=st.integers(1, 999), before=st.integers(0, 50), quota=st.integers(1, 50))
def test_the_other_leaves_are_not_looked_at(leaf: int, before: int, quota: int) -> None:
    assert not worth_a_look(leaf, before, before + 1, quota)
