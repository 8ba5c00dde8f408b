"""``Courses``: how rounds of many batches go, told as by a look at each."""

import pytest

from shared.domain.lifecycle import first_round, next_round
from shared.ports.courses import Course
from shared.ports.ledger import Ledger
from tests.support.facts import a_batch, at, outcome, ref
from tests.support.world import NOON


def test_no_rounds_have_no_courses(ledger: Ledger) -> None:
    assert ledger.courses([]) == []


def test_rounds_of_many_batches_go_as_each_is_found_by_itself(ledger: Ledger) -> None:
    waiting, running, closed = (ledger.open(a_batch(n, leaves=2)) for n in (4, 120, 3))
    assert ledger.claim(ref(running, 5), now=NOON, lease_until=at(30))
    assert ledger.claim(ref(running, 7), now=NOON, lease_until=at(30))
    for leaf in range(2):
        settled = [outcome(closed, position, "failed") for position in range(leaf, 3, 2)]
        ledger.settle(closed.batch_id, leaf, settled, now=NOON)
    ledger.close(closed.batch_id, 0, now=NOON)
    later = ledger.open_round(next_round(closed, 1, jobs=3, rows=3, now=NOON))
    rounds = [later, *map(first_round, (running, closed, waiting))]
    assert ledger.courses(rounds) == [
        Course(
            ledger.closing(it.batch_id, it.number),
            ledger.leaves(it.batch_id, it.number),
            ledger.in_flight(it.batch_id, it.number),
        )
        for it in rounds
    ]
    assert [course.in_flight for course in ledger.courses(rounds)] == [0, 2, 0, 0]
    assert [leaf.failed for leaf in ledger.courses(rounds)[2].leaves] == [2, 1]


@pytest.mark.parametrize("count", [1, 600])
def test_however_many_rounds_are_asked_for_each_has_its_course(ledger: Ledger, count: int) -> None:
    batch = ledger.open(a_batch(3))
    found = ledger.courses([first_round(batch)] * count)
    assert found == [Course(None, ledger.leaves(batch.batch_id, 0), 0)] * count
