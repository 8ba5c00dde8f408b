"""``Attempts``: who may claim a ligand, what is noted of its call, and what is overdue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.models.batch import Batch
from shared.models.costs import Usage
from shared.models.facts import Attempt, Line
from shared.models.work import JobRef
from shared.ports.ledger import Ledger
from tests.support.crowd import at_once
from tests.support.facts import LOST, WRONG, a_batch, at, outcome, ref
from tests.support.properties import examples
from tests.support.world import NOON

LEASE = 30


@pytest.fixture
def batch(ledger: Ledger) -> Batch:
    return ledger.open(a_batch(5))


def claim(ledger: Ledger, of: JobRef, second: float = 0) -> Attempt | None:
    """A claim under a lease of thirty seconds."""
    return ledger.claim(of, now=at(second), lease_until=at(second + LEASE))


def latest(ledger: Ledger, of: JobRef) -> Attempt:
    """The latest attempt as it is stored."""
    [found] = ledger.attempts(of.batch_id, 0, [of.position])
    return found


def test_a_first_claim_takes_the_attempt_until_its_lease_ends(ledger: Ledger, batch: Batch) -> None:
    taken = claim(ledger, ref(batch))
    assert taken is not None
    assert (taken.ref, taken.claims) == (ref(batch), 1)
    assert (taken.claimed_at, taken.lease_until, taken.due_at) == (NOON, at(30), at(30))
    assert (taken.call_id, taken.deadline, taken.failure) == (None, None, None)
    assert latest(ledger, ref(batch)) == taken


@pytest.mark.parametrize(("second", "again"), [(0, False), (29.999999, False), (30, True), (31, True)])
def test_a_claim_can_be_taken_again_once_its_lease_is_over(
    ledger: Ledger, batch: Batch, second: float, again: bool
) -> None:
    claim(ledger, ref(batch))
    taken = claim(ledger, ref(batch), second)
    assert (taken is not None) == again
    assert latest(ledger, ref(batch)).claims == (2 if again else 1)


def test_a_claim_with_a_call_is_never_taken_again(ledger: Ledger, batch: Batch) -> None:
    claim(ledger, ref(batch))
    ledger.note_call(ref(batch), "call", deadline=at(99), due_at=at(50))
    assert claim(ledger, ref(batch), 10_000) is None


def test_a_claim_with_a_failure_is_never_taken_again(ledger: Ledger, batch: Batch) -> None:
    claim(ledger, ref(batch))
    ledger.note_failure(ref(batch), LOST, due_at=at(50))
    assert claim(ledger, ref(batch), 10_000) is None


def test_of_sixteen_racing_claims_one_is_granted(ledger: Ledger, batch: Batch) -> None:
    for second, claims in ((0, 1), (30, 2)):
        granted = at_once(lambda at: claim(ledger, ref(batch), at), [second] * 16)
        assert sum(taken is not None for taken in granted) == 1
        assert latest(ledger, ref(batch)).claims == claims


def test_claims_on_other_ligands_and_other_attempts_are_free(ledger: Ledger, batch: Batch) -> None:
    claim(ledger, ref(batch))
    assert claim(ledger, ref(batch, 1)) is not None
    assert claim(ledger, ref(batch, attempt=2)) is not None


def test_a_claim_takes_older_attempts_off_the_overdue_list(ledger: Ledger, batch: Batch) -> None:
    claim(ledger, ref(batch))
    ledger.note_failure(ref(batch), LOST, due_at=at(40))
    claim(ledger, ref(batch, 1))
    claim(ledger, ref(batch, attempt=2), 40)
    due = ledger.overdue(at(1000), limit=9)
    assert [attempt.ref for attempt in due] == [ref(batch, 1), ref(batch, attempt=2)]
    assert ledger.in_flight(batch.batch_id, 0) == 2


def test_an_ended_claim_can_be_taken_at_once_and_counts_for_nothing(ledger: Ledger, batch: Batch) -> None:
    claim(ledger, ref(batch))
    ledger.unclaim(ref(batch), now=at(1))
    standing = latest(ledger, ref(batch))
    assert (standing.lease_until, standing.due_at, standing.claims) == (at(1), at(1), 0)
    assert claim(ledger, ref(batch), 1) is not None
    assert latest(ledger, ref(batch)).claims == 1


def test_ending_a_claim_does_not_touch_a_noted_call(ledger: Ledger, batch: Batch) -> None:
    claim(ledger, ref(batch))
    ledger.note_call(ref(batch), "call", deadline=at(99), due_at=at(50))
    before = latest(ledger, ref(batch))
    ledger.unclaim(ref(batch), now=at(1))
    assert latest(ledger, ref(batch)) == before


def test_a_call_is_noted_once(ledger: Ledger, batch: Batch) -> None:
    claim(ledger, ref(batch))
    assert ledger.note_call(ref(batch), "mine", deadline=at(99), due_at=at(50))
    assert not ledger.note_call(ref(batch), "another", deadline=at(999), due_at=at(60))
    standing = latest(ledger, ref(batch))
    assert (standing.call_id, standing.deadline, standing.due_at) == ("mine", at(99), at(50))


def test_noting_the_same_call_again_is_no_conflict(ledger: Ledger, batch: Batch) -> None:
    claim(ledger, ref(batch))
    assert all(ledger.note_call(ref(batch), "mine", deadline=at(99), due_at=at(50)) for _ in range(2))


def test_of_sixteen_racing_calls_one_is_noted(ledger: Ledger, batch: Batch) -> None:
    claim(ledger, ref(batch))

    def note(number: int) -> bool:
        return ledger.note_call(ref(batch), f"call {number}", deadline=at(99), due_at=at(50))

    noted = at_once(note, range(16))
    assert sum(noted) == 1
    assert latest(ledger, ref(batch)).call_id == f"call {noted.index(True)}"


def test_the_first_failure_stands(ledger: Ledger, batch: Batch) -> None:
    claim(ledger, ref(batch))
    ledger.note_failure(ref(batch), LOST, due_at=at(40))
    ledger.note_failure(ref(batch), WRONG, due_at=at(80))
    standing = latest(ledger, ref(batch))
    assert (standing.failure, standing.due_at) == (LOST, at(40))


def test_a_ligand_with_an_outcome_cannot_be_claimed_and_has_no_attempt(ledger: Ledger, batch: Batch) -> None:
    claim(ledger, ref(batch, 1))
    ledger.settle(batch.batch_id, 0, [outcome(batch, 0), outcome(batch, 1)], now=at(1))
    for of in (ref(batch, 0), ref(batch, 1), ref(batch, 1, attempt=2)):
        assert claim(ledger, of, 10_000) is None
    assert ledger.attempts(batch.batch_id, 0, range(5)) == []
    assert not ledger.note_call(ref(batch, 1), "late", deadline=at(99), due_at=at(50))


def test_of_a_claim_and_a_settle_that_race_no_attempt_outlives_the_outcome(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(16))

    def deed(number: int) -> object:
        if number % 2:
            return claim(ledger, ref(batch, number // 2))
        return ledger.settle(batch.batch_id, 0, [outcome(batch, number // 2)], now=NOON)

    at_once(deed, range(32))
    assert len(ledger.outcomes(batch.batch_id, 0, limit=99)) == 16
    assert ledger.in_flight(batch.batch_id, 0) == 0
    assert ledger.overdue(at(1000), limit=99, batch_id=batch.batch_id) == []


def test_an_older_attempt_is_gone_once_the_next_was_claimed(ledger: Ledger, batch: Batch) -> None:
    for number in (1, 2):
        claim(ledger, ref(batch, attempt=number))
    before = latest(ledger, ref(batch))
    assert claim(ledger, ref(batch), 10_000) is None
    assert not ledger.note_call(ref(batch), "slow", deadline=at(99), due_at=at(50))
    ledger.note_failure(ref(batch), LOST, due_at=at(50))
    ledger.unclaim(ref(batch), now=NOON)
    ledger.postpone(ref(batch), at(50))
    assert latest(ledger, ref(batch)) == before


@pytest.mark.parametrize("deed", ["note_call", "note_failure", "postpone", "unclaim"])
def test_nothing_makes_a_settled_ligand_overdue_again(ledger: Ledger, batch: Batch, deed: str) -> None:
    claim(ledger, ref(batch))
    ledger.settle(batch.batch_id, 0, [outcome(batch)], now=at(1))
    deeds: dict[str, Callable[[], object]] = {
        "note_call": lambda: ledger.note_call(ref(batch), "late", deadline=at(99), due_at=at(50)),
        "note_failure": lambda: ledger.note_failure(ref(batch), LOST, due_at=at(50)),
        "postpone": lambda: ledger.postpone(ref(batch), at(50)),
        "unclaim": lambda: ledger.unclaim(ref(batch), now=at(1)),
    }
    deeds[deed]()
    assert ledger.overdue(at(1000), limit=9) == []
    assert ledger.in_flight(batch.batch_id, 0) == 0


def test_what_is_overdue_comes_longest_overdue_first_and_limited(ledger: Ledger, batch: Batch) -> None:
    for position, due in enumerate((40, 20, 50, 30, 10)):
        claim(ledger, ref(batch, position))
        ledger.postpone(ref(batch, position), at(due))
    assert [attempt.ref.position for attempt in ledger.overdue(at(40), limit=9)] == [4, 1, 3, 0]
    assert [attempt.ref.position for attempt in ledger.overdue(at(40), limit=2)] == [4, 1]
    assert ledger.overdue(at(9), limit=9) == []


def test_what_is_postponed_is_due_later_or_never(ledger: Ledger, batch: Batch) -> None:
    claim(ledger, ref(batch))
    ledger.postpone(ref(batch), at(50))
    assert ledger.overdue(at(49), limit=9) == []
    assert len(ledger.overdue(at(50), limit=9)) == 1
    ledger.postpone(ref(batch), None)
    ledger.postpone(ref(batch), at(60))
    assert ledger.overdue(at(1000), limit=9) == []


def test_only_the_latest_attempt_of_each_wanted_ligand_is_listed(ledger: Ledger, batch: Batch) -> None:
    other = ledger.open(a_batch(5))
    for of in (ref(batch, 0), ref(batch, 0, 2), ref(batch, 2), ref(batch, 3), ref(other, 1)):
        claim(ledger, of)
    found = ledger.attempts(batch.batch_id, 0, [3, 1, 0])
    assert [attempt.ref for attempt in found] == [ref(batch, 0, 2), ref(batch, 3)]
    assert ledger.attempts(batch.batch_id, 0, []) == []


def test_ligands_in_flight_are_those_tried_and_not_settled(ledger: Ledger, batch: Batch) -> None:
    for position in (0, 1, 2):
        claim(ledger, ref(batch, position))
    ledger.note_failure(ref(batch, 1), LOST, due_at=at(40))
    claim(ledger, ref(batch, 1, 2), 40)
    ledger.settle(batch.batch_id, 0, [outcome(batch, 2), outcome(batch, 3)], now=at(1))
    assert ledger.in_flight(batch.batch_id, 0) == 2


@dataclass
class Book:
    """What the port's sentences say of one ligand's first attempt, in the simplest words."""

    lease_until: datetime | None = None
    call_id: str | None = None
    failed: bool = False
    settled: bool = False
    claims: int = 0

    def may_be_claimed(self, now: datetime) -> bool:
        """Free, or its lease is over and neither call nor failure was noted; never once it is settled."""
        if self.settled:
            return False
        if self.lease_until is None:
            return True
        return self.call_id is None and not self.failed and self.lease_until <= now


Deed = tuple[str, int]
DEEDS = st.lists(
    st.tuples(st.sampled_from(["claim", "unclaim", "call", "failure", "settle"]), st.integers(0, 40)),
    min_size=1,
    max_size=12,
)


@examples(60)
@given(deeds=DEEDS)
def test_any_sequence_of_deeds_leaves_what_the_port_says(ledger: Ledger, deeds: list[Deed]) -> None:
    batch, book, second = ledger.open(a_batch(1)), Book(), 0
    for number, (deed, pause) in enumerate(deeds):
        second += pause
        _do(deed, number, second, ledger, ref(batch), batch, book)
    if book.settled:
        assert ledger.attempts(batch.batch_id, 0, [0]) == []
    elif book.lease_until is not None:
        standing = latest(ledger, ref(batch))
        assert (standing.call_id, standing.claims) == (book.call_id, book.claims)
        assert (standing.failure is not None) == book.failed


def _do(deed: str, number: int, second: int, ledger: Ledger, of: JobRef, batch: Batch, book: Book) -> None:
    known = book.lease_until is not None and not book.settled
    if deed == "claim":
        granted = claim(ledger, of, second) is not None
        assert granted == book.may_be_claimed(at(second))
        if granted:
            book.lease_until, book.claims = at(second + LEASE), book.claims + 1
    elif deed == "unclaim" and known and book.call_id is None and book.claims:
        ledger.unclaim(of, now=at(second))
        assert book.lease_until is not None
        book.lease_until, book.claims = min(book.lease_until, at(second)), book.claims - 1
    elif deed == "call" and known:
        noted = ledger.note_call(of, f"call {number}", deadline=at(second + 99), due_at=at(second + 9))
        assert noted == (book.call_id is None)
        book.call_id = book.call_id or f"call {number}"
    elif deed == "failure" and known:
        ledger.note_failure(of, LOST, due_at=at(second))
        book.failed = True
    elif deed == "settle":
        settled = ledger.settle(batch.batch_id, 0, [outcome(batch)], now=at(second))
        assert (settled.created, settled.n) == (0 if book.settled else 1, 1)
        book.settled = True


def test_the_line_shows_who_is_in_flight_and_how_far_it_got(ledger: Ledger, batch: Batch) -> None:
    def line(position: int | None = None) -> Line:
        return ledger.line(batch.batch_id, 0, position)

    assert line() == line(0) == Line(in_flight=0, last=-1, holds=False)
    for position in (0, 3):
        claim(ledger, ref(batch, position))
    assert line() == Line(in_flight=2, last=3, holds=False)
    assert [line(position).holds for position in range(5)] == [True, False, False, True, False]
    ledger.settle(batch.batch_id, 0, [outcome(batch, 3)], now=NOON)
    assert line(3) == Line(in_flight=1, last=3, holds=True)


def test_a_ligand_that_waits_for_its_retry_is_in_flight_once(ledger: Ledger, batch: Batch) -> None:
    claim(ledger, ref(batch, 2))
    ledger.note_failure(ref(batch, 2), LOST, due_at=at(60))
    assert ledger.open_places(batch.batch_id, 0) == [2]
    claim(ledger, ref(batch, 2, attempt=2), second=60)
    assert ledger.open_places(batch.batch_id, 0) == [2]
    assert ledger.line(batch.batch_id, 0).in_flight == 1


def test_open_places_are_those_of_the_round_in_order(ledger: Ledger, batch: Batch) -> None:
    for position in (4, 1, 3):
        claim(ledger, ref(batch, position))
    later = ref(batch, 3).model_copy(update={"round": 1, "place": 0})
    claim(ledger, later)
    assert ledger.open_places(batch.batch_id, 0) == [1, 3, 4]
    assert ledger.open_places(batch.batch_id, 1) == [0]
    assert ledger.line(batch.batch_id, 1, 3) == Line(in_flight=1, last=0, holds=True)


def test_what_failed_attempts_used_is_inherited_by_those_that_follow(ledger: Ledger, batch: Batch) -> None:
    first = Usage(machine="NVIDIA L4", gpu="L4", seconds=2.5, counted_usd=0.000555)
    second = Usage(machine=None, gpu=None, seconds=None, counted_usd=0.25)
    claim(ledger, ref(batch))
    assert latest(ledger, ref(batch)).runs == ()
    for _ in range(2):  # of a note that comes twice, the first stands
        ledger.note_failure(ref(batch), LOST, due_at=at(40), runs=[first])
    taken = claim(ledger, ref(batch, attempt=2), 40)
    assert taken is not None
    assert taken.runs == latest(ledger, ref(batch)).runs == (first,)
    claim(ledger, ref(batch, attempt=2), 90)
    assert latest(ledger, ref(batch)).runs == (first,)
    ledger.note_failure(ref(batch, attempt=2), LOST, due_at=at(99), runs=[first, second])
    claim(ledger, ref(batch, attempt=3), 99)
    assert latest(ledger, ref(batch)).runs == (first, second)
