"""Statuses and the accounting sentence, for every state that a batch can reach."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.lifecycle import (
    Accounting,
    Tally,
    account,
    batch_status,
    final_status,
    first_round,
    job_status,
    latest,
    next_round,
    tree_of,
)
from shared.models.batch import Batch, BatchStatus, Counts, JobStatus
from shared.models.facts import Attempt, Closing, Intents, Leaf, Outcome, Round
from tests.support.facts import a_batch, at, outcome, ref
from tests.support.world import NOON

NOTHING = Accounting(submitted=3, completed=0, failed=0, invalid=0, filtered=0, cancelled=0, queued=3)


@dataclass
class State:
    """A batch somewhere on its way."""

    batch: Batch
    tallies: list[Tally]

    def account(self) -> Accounting:
        """What a user is told."""
        return account(self.batch, self.tallies)


@st.composite
def states(draw: st.DrawFn) -> State:
    """Any counters that settles can reach, in up to three rounds, with repeated rows."""
    jobs, duplicates = draw(st.integers(1, 300)), draw(st.integers(0, 60))
    invalid, filtered = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    valid = jobs + duplicates
    counts = Counts(
        submitted=valid + invalid + filtered,
        valid=valid,
        invalid=invalid,
        filtered=filtered,
        duplicates=duplicates,
    )
    batch = a_batch(jobs, window=draw(st.integers(1, jobs)), counts=counts)
    copies = [1] * jobs
    for _ in range(duplicates):
        copies[draw(st.integers(0, jobs - 1))] += 1
    tallies, round = list[Tally](), first_round(batch)
    while True:
        over = len(tallies) < 2 and draw(st.booleans())
        kinds = st.sampled_from(("completed", "failed", "cancelled", *(() if over else ("open",))))
        ends = [draw(kinds) for _ in copies]
        tallies.append(Tally(round, _leaves(round, copies, ends), draw(st.integers(0, jobs + 3))))
        copies = [n for n, end in zip(copies, ends, strict=True) if end == "failed"]
        if not over or not copies:
            return State(batch, tallies)
        round = next_round(batch, round.number + 1, jobs=len(copies), rows=sum(copies), now=NOON)


def _leaves(round: Round, copies: list[int], ends: list[str]) -> list[Leaf]:
    tree, leaves = tree_of(round), list[Leaf]()
    for k in range(tree.leaves):
        places = [place for place in tree.positions(k) if ends[place] != "open"]
        rows = {
            kind: sum(copies[place] for place in places if ends[place] == kind)
            for kind in ("completed", "failed", "cancelled")
        }
        leaves.append(Leaf(round=round.number, k=k, n=len(places), moved_at=NOON, **rows))
    return leaves


@given(states())
def test_the_accounting_holds_in_every_state(state: State) -> None:
    accounting = state.account()
    assert accounting.holds, accounting.sentence()
    assert accounting.submitted == state.batch.counts.submitted
    assert accounting.running <= state.tallies[-1].in_flight
    assert accounting.running + accounting.queued <= state.batch.window
    assert " = " in accounting.sentence()


@given(states())
def test_a_batch_is_open_until_every_leaf_of_its_last_round_is_full(state: State) -> None:
    last = state.tallies[-1]
    full = all(leaf.n == tree_of(last.round).quota(0, leaf.k) for leaf in last.leaves)
    assert (state.account().open == 0) == full


@given(states())
def test_what_is_computed_again_no_longer_counts_as_failed(state: State) -> None:
    last, accounting = state.tallies[-1], state.account()
    assert accounting.failed == last.rows("failed")
    assert accounting.completed >= last.rows("completed")


COMPLETED, FAILED = outcome(a_batch(), kind="completed"), outcome(a_batch(), kind="failed")


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([None], (0, None)),
        ([FAILED], (0, FAILED)),
        ([COMPLETED, None], (0, COMPLETED)),
        ([FAILED, None], (1, None)),
        ([FAILED, COMPLETED], (1, COMPLETED)),
        ([FAILED, COMPLETED, None], (1, COMPLETED)),
        ([FAILED, FAILED, None], (2, None)),
    ],
)
def test_a_job_stands_in_the_last_round_that_it_is_in(
    outcomes: list[Outcome | None], expected: tuple[int, Outcome | None]
) -> None:
    assert latest(outcomes) == expected


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
