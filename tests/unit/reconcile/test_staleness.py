"""What is overdue, and what helps."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reconcile.staleness import Remedy, remedy
from shared.domain.overdue import holed_leaves, needs_aggregation, quiet_leaves, uncounted
from shared.domain.tree import Tree, leaf_count
from shared.models.facts import Attempt, Closing, Leaf, Node
from tests.support.facts import LOST, a_batch, at, ref
from tests.support.properties import examples
from tests.support.world import NOON

QUIET = timedelta(seconds=15)
TREE = Tree(jobs=2000, leaves=40, window=2000)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"claims": 1}, Remedy.CLAIM_AGAIN),
        ({"claims": 4}, Remedy.CLAIM_AGAIN),
        ({"claims": 5}, Remedy.GIVE_UP_CLAIMING),
        ({"claims": 6}, Remedy.GIVE_UP_CLAIMING),
        ({"claims": 5, "call_id": "call"}, Remedy.ASK_THE_ENGINE),
        ({"claims": 5, "failure": LOST}, Remedy.NEXT_ATTEMPT),
        ({"claims": 1, "call_id": "call", "failure": LOST}, Remedy.NEXT_ATTEMPT),
    ],
)
def test_an_overdue_attempt_gets_what_helps_it(facts: dict[str, Any], expected: Remedy) -> None:
    attempt = Attempt(ref=ref(a_batch()), claimed_at=NOON, lease_until=at(30), due_at=at(30), **facts)
    assert remedy(attempt, most_claims=5) is expected


@pytest.mark.parametrize(
    ("n", "moved", "nudged", "now", "quiet"),
    [
        (0, 0, None, 14.9, False),
        (0, 0, None, 15, True),
        (49, 0, None, 15, True),
        (50, 0, None, 999, False),
        (0, 0, 10, 20, False),
        (0, 0, 10, 25, True),
        (0, 10, 0, 20, False),
        (0, 10, 0, 25, True),
    ],
)
def test_a_leaf_is_quiet_when_it_is_not_full_and_nothing_happened_for_a_while(
    n: int, moved: float, nudged: float | None, now: float, quiet: bool
) -> None:
    leaf = Leaf(round=0, k=3, n=n, moved_at=at(moved), nudged_at=None if nudged is None else at(nudged))
    found = quiet_leaves(TREE, [leaf], now=at(now), quiet=QUIET)
    assert found == ([leaf] if quiet else [])


@pytest.mark.parametrize(
    ("facts", "now", "needed"),
    [
        ({"announced_at": NOON, "finished_at": NOON}, 9999, False),
        ({"finished_at": NOON}, 9999, False),
        ({}, 0, True),
        ({"announced_at": NOON}, 14.9, False),
        ({"announced_at": NOON}, 15, True),
        ({"announced_at": at(20)}, 34.9, False),
        ({"announced_at": at(20)}, 35, True),
        ({"announced_at": NOON, "lease_until": at(600)}, 599, False),
        ({"announced_at": NOON, "lease_until": at(600)}, 600, True),
        ({"announced_at": at(590), "lease_until": at(600)}, 600, False),
        ({"announced_at": at(590), "lease_until": at(600)}, 605, True),
        ({"lease_until": at(600)}, 1, True),
    ],
)
def test_a_closed_round_is_announced_again_when_nobody_seems_to_finish_it(
    facts: dict[str, Any], now: float, needed: bool
) -> None:
    closing = Closing(round=0, closed_at=NOON, **facts)
    assert needs_aggregation(closing, now=at(now), quiet=QUIET) == needed


@st.composite
def half_counted(draw: st.DrawFn) -> tuple[Tree, dict[tuple[int, int], int], set[tuple[int, int]]]:
    """A tree, its counters, and the full nodes that their parents did not count."""
    jobs = draw(st.integers(1, 4000))
    tree = Tree(jobs, leaf_count(jobs, jobs), jobs)
    n = dict.fromkeys(tree.nodes(), 0)
    lost = set()
    for level, k in tree.nodes():
        quota = tree.quota(level, k)
        if level == 0:
            n[level, k] = draw(st.sampled_from([0, max(0, quota - 1), quota]))
        if n[level, k] < quota or level == tree.root_level:
            continue
        if draw(st.booleans()):
            n[tree.parent(level, k)] += 1
        else:
            lost.add((level, k))
    return tree, n, lost


@examples(80)
@given(half_counted())
def test_every_full_node_that_its_parent_missed_is_named_and_none_that_is_not_full(
    state: tuple[Tree, dict[tuple[int, int], int], set[tuple[int, int]]],
) -> None:
    tree, n, lost = state
    nodes = [Node(level=level, k=k, n=count) for (level, k), count in n.items()]
    named = list(uncounted(tree, nodes))
    places = {(level, k) for level, k, _ in named}
    root_is_full = n[tree.root_level, 0] == tree.quota(tree.root_level, 0)
    assert lost <= places
    assert ((tree.root_level, 0) in places) == root_is_full
    assert all(count == n[level, k] == tree.quota(level, k) for level, k, count in named)
    if not lost:
        assert places <= {(tree.root_level, 0)}


def test_a_leaf_lacks_jobs_where_fewer_are_counted_or_in_flight_than_were_started() -> None:
    tree = Tree(jobs=100, leaves=3, window=9)
    counters = {0: 4, 1: 4, 2: 0}
    leaves = [Leaf(round=0, k=k, n=n, moved_at=NOON) for k, n in counters.items()]
    in_flight = [12, 15, 18, 16, 19, 2, 5, 8]
    lacking = holed_leaves(tree, leaves, in_flight, lambda leaf: tree.released(leaf.k, leaf.n))
    assert [leaf.k for leaf in lacking] == [1]
