"""The countdown's arithmetic, for all numbers of jobs, leaves and every window."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.tree import FAN_IN, MOST_LEAVES, Tree, leaf_count, share
from tests.support.properties import examples


@st.composite
def trees(draw: st.DrawFn, most: int = 3000) -> Tree:
    """Any tree that a submission can make."""
    jobs = draw(st.integers(1, most))
    window = draw(st.integers(1, jobs))
    return Tree(jobs, leaf_count(jobs, window), window)


@st.composite
def any_trees(draw: st.DrawFn) -> Tree:
    """Any tree with at least one job per leaf, whether or not a submission would make it."""
    leaves = draw(st.integers(1, 1200))
    jobs = draw(st.integers(leaves, 3 * leaves + 50))
    return Tree(jobs, leaves, draw(st.integers(leaves, max(leaves, jobs))))


@given(st.one_of(trees(), any_trees()))
def test_the_quotas_of_the_leaves_are_all_the_jobs(tree: Tree) -> None:
    assert sum(tree.quota(0, k) for k in range(tree.leaves)) == tree.jobs


@given(st.one_of(trees(), any_trees()))
def test_each_level_waits_for_all_nodes_of_the_level_below(tree: Tree) -> None:
    for level, (below, width) in enumerate(pairwise(tree.widths), start=1):
        quotas = [tree.quota(level, k) for k in range(width)]
        assert sum(quotas) == below
        children = Counter(tree.parent(level - 1, k) for k in range(below))
        assert children == {(level, k): quota for k, quota in enumerate(quotas)}
        assert min(quotas) >= 1
        assert max(quotas) <= FAN_IN


@given(st.one_of(trees(), any_trees()))
def test_the_last_level_is_one_root(tree: Tree) -> None:
    assert tree.widths[-1] == 1
    assert tree.root_level == len(tree.widths) - 1
    assert len(list(tree.nodes())) == sum(tree.widths)


@given(st.one_of(trees(), any_trees()))
def test_every_position_is_in_exactly_one_leaf_and_in_order(tree: Tree) -> None:
    dealt = [list(tree.positions(k)) for k in range(tree.leaves)]
    assert sorted(position for leaf in dealt for position in leaf) == list(range(tree.jobs))
    for k, positions in enumerate(dealt):
        assert positions == sorted(positions)
        assert len(positions) == tree.quota(0, k)
        assert {tree.leaf_of(position) for position in positions} == {k}


@given(st.one_of(trees(), any_trees()))
def test_every_leaf_may_start_and_together_they_start_the_window(tree: Tree) -> None:
    first = [tree.first_release(k) for k in range(tree.leaves)]
    assert min(first) >= 1
    assert sum(first) <= tree.window
    no_leaf_is_short = all(tree.quota(0, k) >= share(tree.window, tree.leaves, k) for k in range(tree.leaves))
    if no_leaf_is_short:
        assert sum(first) == min(tree.window, tree.jobs)


@examples(60)
@given(tree=trees(most=150), data=st.data())
def test_any_order_of_settles_releases_each_job_once_and_never_more_than_the_window(
    tree: Tree, data: st.DataObject
) -> None:
    chance = data.draw(st.randoms(use_true_random=False))
    counters = dict.fromkeys(range(tree.leaves), 0)
    flying = [position for k in range(tree.leaves) for position in tree.released(k, 0)]
    released = Counter(flying)
    while flying:
        assert len(flying) <= tree.window
        leaf = tree.leaf_of(chance.choice(flying))
        mine = [position for position in flying if tree.leaf_of(position) == leaf]
        settled = chance.sample(mine, chance.randint(1, len(mine)))
        before, counters[leaf] = counters[leaf], counters[leaf] + len(settled)
        new = tree.releases_of(leaf, before, counters[leaf])
        released.update(new)
        flying = [position for position in flying if position not in settled] + list(new)
        assert set(tree.released(leaf, counters[leaf])) == {
            position for position in released if tree.leaf_of(position) == leaf
        }
    assert released == Counter(range(tree.jobs))


@examples(60)
@given(tree=any_trees(), data=st.data())
def test_any_order_of_full_leaves_reaches_the_root_exactly_once_and_last(
    tree: Tree, data: st.DataObject
) -> None:
    chance = data.draw(st.randoms(use_true_random=False))
    order = chance.sample(range(tree.leaves), tree.leaves)
    counters: Counter[tuple[int, int]] = Counter()
    reached = [leaf for leaf in order if _climbs_to_the_root(tree, leaf, counters)]
    assert reached == order[-1:]


def _climbs_to_the_root(tree: Tree, leaf: int, counters: Counter[tuple[int, int]]) -> bool:
    """Count a full leaf upwards, as ``settling.climb`` does."""
    node = (0, leaf)
    counters[node] = tree.quota(*node)
    while counters[node] == tree.quota(*node):
        if node[0] == tree.root_level:
            return True
        node = tree.parent(*node)
        counters[node] += 1
    return False


@pytest.mark.parametrize(
    ("jobs", "window", "leaves"),
    [
        *((1, 1, 1), (50, 50, 1), (51, 51, 2), (1500, 999, 30)),
        *((1500, 1, 1), (1500, 7, 7), (10**6, 999, 999), (10**6, 10**6, MOST_LEAVES)),
    ],
)
def test_the_number_of_leaves_follows_jobs_and_window(jobs: int, window: int, leaves: int) -> None:
    assert leaf_count(jobs, window) == leaves


@given(st.integers(0, 10_000), st.integers(1, 500))
def test_things_are_dealt_evenly(things: int, buckets: int) -> None:
    shares = [share(things, buckets, k) for k in range(buckets)]
    assert sum(shares) == things
    assert max(shares) - min(shares) <= 1
    assert shares == sorted(shares, reverse=True)
