"""``Countdown``: an outcome is created once, and a counter moves only with what it counts."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.lifecycle import first_round, tree_of
from shared.models.batch import Batch
from shared.models.costs import Spent, Usage
from shared.models.facts import Experience, Leaf, Outcome, Settled
from shared.ports.ledger import Ledger
from tests.support.crowd import at_once
from tests.support.facts import LOST, a_batch, at, outcome, ref
from tests.support.properties import examples
from tests.support.world import NOON

CROWD = 16
KINDS = ("completed", "failed", "cancelled")


def settle(ledger: Ledger, batch: Batch, *outcomes: Outcome, second: float = 0) -> Settled:
    """Settle outcomes of one leaf."""
    leaf = tree_of(first_round(batch)).leaf_of(outcomes[0].ref.position)
    return ledger.settle(batch.batch_id, leaf, outcomes, now=at(second))


def test_a_settle_creates_the_outcome_and_counts_it(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(3))
    stored = outcome(batch, 1, "failed", metrics={"affinity": -5.25, "valid": True, "n": 3, "none": None})
    assert settle(ledger, batch, stored, second=7) == Settled(created=1, n=1)
    assert ledger.outcome(ref(batch, 1)) == stored
    [leaf] = ledger.leaves(batch.batch_id, 0)
    assert leaf == Leaf(round=0, k=0, n=1, failed=1, moved_at=at(7))


def test_a_ligand_without_an_outcome_has_none(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(3))
    assert ledger.outcome(ref(batch, 1)) is None


def test_the_first_outcome_of_a_ligand_stands(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(3))
    settle(ledger, batch, outcome(batch, 0, "failed"))
    assert settle(ledger, batch, outcome(batch, 0, "completed")) == Settled(created=0, n=1)
    first = ledger.outcome(ref(batch, 0, attempt=2))
    assert first is not None
    assert first.kind == "failed"
    assert [(leaf.failed, leaf.completed) for leaf in ledger.leaves(batch.batch_id, 0)] == [(1, 0)]


def test_a_settle_of_many_counts_exactly_those_it_creates(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(6))
    settle(ledger, batch, outcome(batch, 1), outcome(batch, 2, "failed"))
    many = [outcome(batch, position, "cancelled") for position in range(5)]
    assert settle(ledger, batch, *many) == Settled(created=3, n=5)
    [leaf] = ledger.leaves(batch.batch_id, 0)
    assert (leaf.n, leaf.completed, leaf.failed, leaf.cancelled) == (5, 1, 1, 3)


def test_a_settle_takes_the_ligands_attempt_off_the_overdue_list(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(2))
    for position in (0, 1):
        ledger.claim(ref(batch, position), now=NOON, lease_until=at(1))
    settle(ledger, batch, outcome(batch, 0))
    assert [attempt.ref.position for attempt in ledger.overdue(at(99), limit=9)] == [1]


def test_a_leaf_is_counted_in_its_own_batch_alone(ledger: Ledger) -> None:
    batch, other = ledger.open(a_batch(4, leaves=2)), ledger.open(a_batch(4, leaves=2))
    settle(ledger, batch, outcome(batch, 1))
    assert [leaf.n for leaf in ledger.leaves(batch.batch_id, 0)] == [0, 1]
    assert [leaf.n for leaf in ledger.leaves(other.batch_id, 0)] == [0, 0]


def test_a_leaf_never_seems_to_have_moved_backwards_in_time(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(3))
    settle(ledger, batch, outcome(batch, 0), second=9)
    settle(ledger, batch, outcome(batch, 1), second=4)
    assert ledger.leaves(batch.batch_id, 0)[0].moved_at == at(9)


def test_a_duplicate_does_not_move_the_leaf(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(3))
    settle(ledger, batch, outcome(batch, 0), second=1)
    settle(ledger, batch, outcome(batch, 0), second=9)
    assert ledger.leaves(batch.batch_id, 0)[0].moved_at == at(1)


def test_in_a_crowd_exactly_one_caller_sees_the_leaf_full(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(CROWD))
    settled = at_once(lambda p: settle(ledger, batch, outcome(batch, p)), range(CROWD))
    assert sorted(each.n for each in settled) == list(range(1, CROWD + 1))
    assert all(each.created == 1 for each in settled)


def test_in_a_crowd_of_duplicates_every_outcome_is_counted_once(ledger: Ledger) -> None:
    batch, jobs = ledger.open(a_batch(4)), 4
    settled = at_once(lambda n: settle(ledger, batch, outcome(batch, n % jobs)), range(CROWD))
    assert sum(each.created for each in settled) == jobs
    assert sum(each.created == 1 and each.n == jobs for each in settled) == 1
    assert ledger.leaves(batch.batch_id, 0)[0].n == jobs


def test_a_full_child_is_counted_once_however_often_it_is_filled(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(200, leaves=4))
    counts = [ledger.fill(batch.batch_id, 0, (0, k), (1, 0)) for k in (0, 0, 2, 0, 2)]
    assert counts == [1, 1, 2, 2, 2]
    assert [node.n for node in ledger.nodes(batch.batch_id, 0)] == [0, 0, 0, 0, 2]


def test_in_a_crowd_exactly_one_filler_sees_each_count(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(800, leaves=CROWD))
    counts = at_once(lambda k: ledger.fill(batch.batch_id, 0, (0, k), (1, 0)), range(CROWD))
    assert sorted(counts) == list(range(1, CROWD + 1))


def test_a_nudge_is_remembered_at_its_leaf(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(4, leaves=2))
    ledger.nudge(batch.batch_id, 0, 1, now=at(5))
    assert [leaf.nudged_at for leaf in ledger.leaves(batch.batch_id, 0)] == [None, at(5)]
    assert [leaf.moved_at for leaf in ledger.leaves(batch.batch_id, 0)] == [NOON, NOON]


@pytest.fixture
def settled(ledger: Ledger) -> Batch:
    """A batch of 3 leaves in which the jobs at 0, 2, 3, 4, 7, 8 and 9 have an outcome."""
    batch = ledger.open(a_batch(10, leaves=3))
    positions = [0, 2, 3, 4, 7, 8, 9]
    random.Random(1).shuffle(positions)
    for position in positions:
        settle(ledger, batch, outcome(batch, position))
    return batch


@pytest.mark.parametrize(
    ("how", "positions"),
    [
        ({"limit": 99}, [0, 2, 3, 4, 7, 8, 9]),
        ({"limit": 3}, [0, 2, 3]),
        ({"limit": 3, "after": 3}, [4, 7, 8]),
        ({"limit": 3, "after": 5}, [7, 8, 9]),
        ({"limit": 3, "after": 9}, []),
        ({"limit": 99, "leaf": 0}, [0, 3, 9]),
        ({"limit": 99, "leaf": 2}, [2, 8]),
        ({"limit": 1, "leaf": 0, "after": 0}, [3]),
    ],
)
def test_outcomes_come_in_pages_by_position_and_by_leaf(
    ledger: Ledger, settled: Batch, how: dict[str, int], positions: list[int]
) -> None:
    found = ledger.outcomes(settled.batch_id, 0, **how)
    assert [each.ref.position for each in found] == positions


def test_another_round_has_other_outcomes(ledger: Ledger, settled: Batch) -> None:
    assert ledger.outcomes(settled.batch_id, 1, limit=99) == []


Steps = st.lists(st.lists(st.integers(0, 11), min_size=1, max_size=4), min_size=1, max_size=12)


@examples(50)
@given(steps=Steps, leaves=st.integers(1, 4), data=st.data())
def test_after_any_settles_the_counters_are_the_outcomes(
    ledger: Ledger, steps: list[list[int]], leaves: int, data: st.DataObject
) -> None:
    batch, seen = ledger.open(a_batch(12, leaves=leaves)), dict[int, str]()
    for step in steps:
        mine = [position for position in step if position % leaves == step[0] % leaves]
        kind = data.draw(st.sampled_from(KINDS))
        new = {position for position in mine if position not in seen}
        answer = settle(ledger, batch, *[outcome(batch, position, kind) for position in mine])
        seen.update(dict.fromkeys(new, kind))
        in_leaf = sum(position % leaves == step[0] % leaves for position in seen)
        assert answer == Settled(created=len(new), n=in_leaf)
    for leaf in ledger.leaves(batch.batch_id, 0):
        kinds = [kind for position, kind in seen.items() if position % leaves == leaf.k]
        assert (leaf.n, *(getattr(leaf, kind) for kind in KINDS)) == (len(kinds), *map(kinds.count, KINDS))
    stored = {each.ref.position: each.kind.value for each in ledger.outcomes(batch.batch_id, 0, limit=99)}
    assert stored == seen


def test_a_leaf_counts_run_times_and_lost_attempts_with_its_outcomes_and_only_once(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(4))
    ran = outcome(batch, 0, started_at=NOON, finished_at=at(2.25))
    again = outcome(batch, 1, ref=ref(batch, 1, attempt=3), started_at=NOON, finished_at=at(1))
    lost = outcome(batch, 2, "failed", failure=LOST)
    wrong = outcome(batch, 3, "failed")
    for outcomes in ((ran,), (ran, again), (lost, wrong), (again,)):
        settle(ledger, batch, *outcomes)
    [leaf] = ledger.leaves(batch.batch_id, 0)
    assert leaf.experience == Experience(ran=2, busy_seconds=3.25, troubles=2 + 1)


def test_a_leaf_counts_what_runs_used_with_its_outcomes_and_only_once(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(3))
    run = Usage(machine="NVIDIA L4", gpu="L4", seconds=2.5, counted_usd=0.000555)
    lost = Usage(machine=None, gpu=None, seconds=None, counted_usd=0.25)
    twice = outcome(batch, 1, "failed", runs=(run, lost))
    for outcomes in ((outcome(batch, 0, runs=(run,)),), (twice, outcome(batch, 2, "cancelled")), (twice,)):
        settle(ledger, batch, *outcomes)
    [leaf] = ledger.leaves(batch.batch_id, 0)
    assert leaf.spent == Spent(seconds=5.0, usd=0.25111)
    assert ledger.outcome(ref(batch, 1)) == twice
