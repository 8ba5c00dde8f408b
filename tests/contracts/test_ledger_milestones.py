"""``Milestones``: recorded once, the first time kept, never out of order."""

from hypothesis import given
from hypothesis import strategies as st

from shared.models.facts import Milestone
from shared.ports.ledger import Ledger
from tests.support.crowd import at_once
from tests.support.facts import a_batch, at
from tests.support.properties import examples
from tests.support.world import NOON

ALL = (10, 25, 50, 75, 90, 100)


def reached(ledger: Ledger, batch_id: str) -> dict[int, float]:
    """Threshold → seconds after noon."""
    found = ledger.milestones(batch_id)
    return {it.threshold: (it.reached_at - NOON).total_seconds() for it in found}


def test_a_new_batch_has_reached_nothing(ledger: Ledger) -> None:
    batch = ledger.open(a_batch())
    ledger.reach(batch.batch_id, 0, (), now=NOON)
    assert ledger.milestones(batch.batch_id) == []


def test_a_milestone_keeps_its_first_time_and_round(ledger: Ledger) -> None:
    batch = ledger.open(a_batch())
    ledger.reach(batch.batch_id, 0, (10, 25), now=at(1))
    ledger.reach(batch.batch_id, 1, (10, 25, 50), now=at(2))
    ledger.reach(batch.batch_id, 0, (10,), now=NOON)
    assert ledger.milestones(batch.batch_id) == [
        Milestone(threshold=10, round=0, reached_at=at(1)),
        Milestone(threshold=25, round=0, reached_at=at(1)),
        Milestone(threshold=50, round=1, reached_at=at(2)),
    ]


def test_milestones_of_one_batch_are_not_those_of_another(ledger: Ledger) -> None:
    one, other = ledger.open(a_batch()), ledger.open(a_batch())
    ledger.reach(one.batch_id, 0, ALL, now=NOON)
    assert ledger.milestones(other.batch_id) == []


def test_a_slow_clock_cannot_put_a_later_milestone_before_an_earlier_one(ledger: Ledger) -> None:
    batch = ledger.open(a_batch())
    ledger.reach(batch.batch_id, 0, (10,), now=at(9))
    ledger.reach(batch.batch_id, 0, (10, 25), now=at(3))
    assert reached(ledger, batch.batch_id) == {10: 9, 25: 9}


def test_of_racing_callers_one_records(ledger: Ledger) -> None:
    batch = ledger.open(a_batch())
    at_once(lambda n: ledger.reach(batch.batch_id, 0, ALL[: n % 6 + 1], now=at(n)), range(24))
    times = list(reached(ledger, batch.batch_id).values())
    assert len(times) == 6
    assert times == sorted(times)


@examples(40)
@given(seen=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 50)), max_size=12))
def test_whoever_saw_whatever_share_milestones_grow_and_stay_in_order(
    ledger: Ledger, seen: list[tuple[int, int]]
) -> None:
    batch = ledger.open(a_batch())
    before: dict[int, float] = {}
    for count, second in seen:
        ledger.reach(batch.batch_id, 0, ALL[:count], now=at(second))
        now = reached(ledger, batch.batch_id)
        assert before.items() <= now.items()
        assert list(now.values()) == sorted(now.values())
        before = now
    assert len(before) == max((count for count, _ in seen), default=0)
