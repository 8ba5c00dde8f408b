"""Statuses and the accounting sentence, for every state that a batch can reach."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.lifecycle import Accounting, account, batch_status, final_status, job_status, tree_of
from shared.models.batch import Batch, BatchStatus, Counts, JobStatus
from shared.models.facts import Attempt, Closing, Intents, Leaf
from tests.support.facts import a_batch, at, outcome, ref
from tests.support.world import NOON

NOTHING = Accounting(submitted=3, completed=0, failed=0, invalid=0, filtered=0, cancelled=0, queued=3)


@dataclass
class State:
    """A batch somewhere on its way."""

    batch: Batch
    leaves: list[Leaf]
    in_flight: int

    def account(self) -> Accounting:
        """What a user is told."""
        return account(self.batch, self.leaves, self.in_flight)


@st.composite
def states(draw: st.DrawFn) -> State:
    """Any counters that settles can reach, with any number of attempts that may be out of date."""
    valid = draw(st.integers(1, 300))
    invalid, filtered = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    counts = Counts(submitted=valid + invalid + filtered, valid=valid, invalid=invalid, filtered=filtered)
    batch = a_batch(valid, window=draw(st.integers(1, valid)), counts=counts)
    tree = tree_of(batch)
    leaves = []
    for k in range(tree.leaves):
        n = draw(st.integers(0, tree.quota(0, k)))
        completed = draw(st.integers(0, n))
        failed = draw(st.integers(0, n - completed))
        rest = n - completed - failed
        leaves.append(
            Leaf(round=0, k=k, n=n, completed=completed, failed=failed, cancelled=rest, moved_at=NOON)
        )
    return State(batch, leaves, draw(st.integers(0, valid + 3)))


@given(states())
def test_the_accounting_holds_in_every_state(state: State) -> None:
    accounting = state.account()
    assert accounting.holds, accounting.sentence()
    assert accounting.submitted == state.batch.counts.submitted
    assert accounting.running <= state.in_flight
    assert accounting.running + accounting.queued <= state.batch.window
    assert " = " in accounting.sentence()


@given(states())
def test_a_batch_is_open_until_every_leaf_is_full(state: State) -> None:
    tree = tree_of(state.batch)
    full = all(leaf.n == tree.quota(0, leaf.k) for leaf in state.leaves)
    assert (state.account().open == 0) == full


@given(states(), st.integers(-9, 9).filter(bool))
def test_a_counter_that_is_off_breaks_the_sentence_or_shows(state: State, error: int) -> None:
    accounting = state.account()
    wrong = accounting.model_copy(update={"completed": accounting.completed + error})
    assert not wrong.holds
    assert "≠" in wrong.sentence()


def test_the_sentence_names_what_is_open_only_while_it_is() -> None:
    assert NOTHING.sentence() == (
        "submitted 3 = 0 completed + 0 failed + 0 invalid + 0 filtered + 0 cancelled + 3 queued"
    )
    closed = NOTHING.model_copy(update={"queued": 0, "completed": 2, "failed": 1})
    assert closed.sentence() == (
        "submitted 3 = 2 completed + 1 failed + 0 invalid + 0 filtered + 0 cancelled"
    )


def test_a_negative_count_never_holds() -> None:
    assert not NOTHING.model_copy(update={"queued": 4, "running": -1}).holds


CLOSED, PAUSED = Closing(round=0, closed_at=NOON), Intents(paused=True)
CANCELLED = Intents(cancelled_at=NOON)


@pytest.mark.parametrize(
    ("counts", "intents", "closing", "expected"),
    [
        ({}, Intents(), None, "pending"),
        ({"queued": 2, "running": 1}, Intents(), None, "running"),
        ({"queued": 2, "completed": 1}, Intents(), None, "running"),
        ({"queued": 2, "failed": 1}, Intents(), None, "running"),
        ({}, PAUSED, None, "paused"),
        ({"queued": 2, "running": 1}, PAUSED, None, "paused"),
        ({"queued": 2, "running": 1}, CANCELLED, None, "running"),
        ({"queued": 0, "completed": 3}, Intents(), None, "running"),
        ({"queued": 0, "completed": 3}, Intents(), CLOSED, "aggregating"),
        ({"queued": 0, "completed": 3}, PAUSED, CLOSED, "aggregating"),
        *(
            ({"queued": 0}, Intents(), CLOSED.model_copy(update={"status": status}), status)
            for status in ("completed", "failed", "cancelled")
        ),
    ],
)
def test_the_status_of_a_batch_follows_from_its_facts(
    counts: dict[str, int], intents: Intents, closing: Closing | None, expected: str
) -> None:
    assert batch_status(NOTHING.model_copy(update=counts), intents, closing) == BatchStatus(expected)


@pytest.mark.parametrize(
    ("counts", "intents", "expected"),
    [
        ({"completed": 3}, Intents(), "completed"),
        ({"completed": 1, "failed": 2}, Intents(), "completed"),
        ({"failed": 3}, Intents(), "failed"),
        ({"completed": 1, "cancelled": 2}, CANCELLED, "cancelled"),
        ({"cancelled": 3}, CANCELLED, "cancelled"),
        ({"completed": 3}, CANCELLED, "completed"),
        ({"failed": 3}, CANCELLED, "failed"),
        ({"completed": 2, "cancelled": 1}, Intents(), "completed"),
    ],
)
def test_how_a_full_batch_ends(counts: dict[str, int], intents: Intents, expected: str) -> None:
    full = NOTHING.model_copy(update={"queued": 0, **counts})
    assert final_status(full, intents) == BatchStatus(expected)


@pytest.mark.parametrize("kind", ["completed", "failed", "cancelled", None])
@pytest.mark.parametrize("tried", [True, False])
@pytest.mark.parametrize("released", [True, False])
def test_the_status_of_a_job_is_read_off_the_first_fact_there_is(
    kind: str | None, tried: bool, released: bool
) -> None:
    batch = a_batch()
    attempt = Attempt(ref=ref(batch), claims=1, claimed_at=NOON, lease_until=at(30), due_at=None)
    status = job_status(outcome(batch, kind=kind) if kind else None, attempt if tried else None, released)
    assert status == JobStatus(kind or ("running" if tried else "queued" if released else "pending"))
