"""
Answers that are lost between Firestore and its client, which then repeats a commit that succeeded.

Whatever is repeated counts once, and whoever asked learns what it needs to go on.
"""

from collections.abc import Callable

import pytest

from local.cloud.relay import Loss
from shared.domain.lifecycle import first_round, next_round, tree_of
from shared.errors import NotFound, Unavailable, Unknown
from shared.models.batch import Batch
from shared.models.facts import Settled
from shared.ports.ledger import Ledger
from tests.support.facts import LOST, a_batch, at, outcome, ref
from tests.support.firestore import Ledgers, Network, Relays
from tests.support.world import NOON

pytestmark = pytest.mark.gcp


@pytest.fixture
def network() -> Network:
    """What is lost."""
    return Network()


@pytest.fixture
def ledger(new_ledger: Ledgers, relayed: Relays, network: Network) -> Ledger:
    """A ledger behind a network that loses things."""
    return new_ledger(relayed(lose=network))


@pytest.fixture
def batch(ledger: Ledger) -> Batch:
    """Three ligands."""
    return ledger.open(a_batch(3))


@pytest.mark.parametrize("loss", [Loss.REQUEST, Loss.ANSWER])
def test_a_settle_whose_message_is_lost_counts_once(
    ledger: Ledger, batch: Batch, network: Network, loss: Loss
) -> None:
    ledger.claim(ref(batch), now=NOON, lease_until=at(30))
    network.strike(loss)
    settled = ledger.settle(batch.batch_id, 0, [outcome(batch)], now=NOON)
    assert settled == Settled(created=1 if loss is Loss.REQUEST else 0, n=1)
    [leaf] = ledger.leaves(batch.batch_id, 0)
    assert (leaf.n, leaf.completed) == (1, 1)
    assert ledger.in_flight(batch.batch_id, 0) == 0
    assert network.struck == 1


def test_of_many_outcomes_settled_again_after_a_lost_answer_none_is_counted_twice(
    ledger: Ledger, batch: Batch, network: Network
) -> None:
    ledger.settle(batch.batch_id, 0, [outcome(batch, 1)], now=NOON)
    network.strike(Loss.ANSWER, skip=1)  # the first commit meets the outcome that stands
    outcomes = [outcome(batch, position) for position in range(3)]
    assert ledger.settle(batch.batch_id, 0, outcomes, now=NOON) == Settled(created=0, n=3)
    assert [leaf.n for leaf in ledger.leaves(batch.batch_id, 0)] == [3]
    assert network.struck == 1


def test_a_fill_whose_answer_is_lost_tells_the_same_count(ledger: Ledger, network: Network) -> None:
    batch = ledger.open(a_batch(200, leaves=4))
    network.strike(Loss.ANSWER)
    assert ledger.fill(batch.batch_id, 0, (0, 1), (1, 0)) == 1
    assert ledger.fill(batch.batch_id, 0, (0, 2), (1, 0)) == 2
    assert network.struck == 1


@pytest.mark.parametrize("attempt", [1, 2])
def test_whose_claim_succeeded_without_an_answer_has_it_nevertheless(
    ledger: Ledger, batch: Batch, network: Network, attempt: int
) -> None:
    if attempt == 2:
        ledger.claim(ref(batch), now=NOON, lease_until=at(30))
        ledger.note_failure(ref(batch), LOST, due_at=at(1))
    network.strike(Loss.ANSWER)
    taken = ledger.claim(ref(batch, attempt=attempt), now=at(1), lease_until=at(31))
    assert taken is not None
    assert (taken.claims, taken.lease_until) == (1, at(31))
    assert ledger.claim(ref(batch, attempt=attempt), now=at(1), lease_until=at(31)) is None
    assert ledger.note_call(ref(batch, attempt=attempt), "call", deadline=at(99), due_at=at(50))


def test_a_call_whose_note_is_repeated_is_noted(ledger: Ledger, batch: Batch, network: Network) -> None:
    ledger.claim(ref(batch), now=NOON, lease_until=at(30))
    network.strike(Loss.ANSWER)
    assert ledger.note_call(ref(batch), "call", deadline=at(99), due_at=at(50))
    assert [attempt.call_id for attempt in ledger.attempts(batch.batch_id, 0, [0])] == ["call"]


def test_an_ended_claim_is_taken_back_once(ledger: Ledger, batch: Batch, network: Network) -> None:
    for second in (0, 30):
        ledger.claim(ref(batch), now=at(second), lease_until=at(second + 30))
    network.strike(Loss.ANSWER)
    ledger.unclaim(ref(batch), now=at(31))
    assert [attempt.claims for attempt in ledger.attempts(batch.batch_id, 0, [0])] == [1]


@pytest.mark.parametrize(("jobs", "leaves"), [(3, 1), (60_000, 1000)])
def test_an_opening_whose_answer_is_lost_opens_once(
    ledger: Ledger, network: Network, jobs: int, leaves: int
) -> None:
    batch = a_batch(jobs, leaves=leaves)
    network.strike(Loss.ANSWER, skip=0 if leaves == 1 else 1)
    assert ledger.open(batch) == batch
    assert network.struck == 1
    assert len(ledger.nodes(batch.batch_id, 0)) == len(list(tree_of(first_round(batch)).nodes()))


@pytest.mark.parametrize("commits", [0, 1, 2])
def test_an_opening_that_died_between_its_commits_is_completed_by_the_next(
    ledger: Ledger, network: Network, commits: int
) -> None:
    batch = a_batch(60_000, leaves=1000)
    network.strike(Loss.PERMISSION, skip=commits)
    with pytest.raises(Unavailable):
        ledger.open(batch)
    with pytest.raises(NotFound):
        ledger.batch(batch.batch_id)
    assert ledger.open(batch) == batch
    assert {node.n for node in ledger.nodes(batch.batch_id, 0)} == {0}
    tree = tree_of(first_round(batch))
    assert ledger.settle(batch.batch_id, 999, [outcome(batch, 999)], now=NOON).n == 1
    assert ledger.fill(batch.batch_id, 0, (0, 999), tree.parent(0, 999)) == 1


def finished(ledger: Ledger, batch: Batch) -> None:
    """Close and finish the first round."""
    ledger.close(batch.batch_id, 0, now=NOON)
    fence = ledger.claim_aggregation(batch.batch_id, 0, now=NOON, lease_until=at(60))
    assert fence is not None
    finish(ledger, batch, fence)


def finish(ledger: Ledger, batch: Batch, fence: int) -> bool:
    """Finish the first round."""
    return ledger.finish(batch.batch_id, 0, fence=fence, status="failed", summary={}, artefacts=[], now=at(1))


def test_a_round_is_closed_claimed_and_finished_once_whatever_is_lost(
    ledger: Ledger, batch: Batch, network: Network
) -> None:
    network.strike(Loss.ANSWER)
    assert ledger.close(batch.batch_id, 0, now=NOON).closed_at == NOON
    network.strike(Loss.ANSWER)
    assert ledger.claim_aggregation(batch.batch_id, 0, now=NOON, lease_until=at(60)) == 1
    network.strike(Loss.ANSWER)
    assert finish(ledger, batch, 1)
    assert not finish(ledger, batch, 1)
    assert network.struck == 3


def test_a_retry_is_asked_for_and_opened_once_whatever_is_lost(
    ledger: Ledger, batch: Batch, network: Network
) -> None:
    finished(ledger, batch)
    round = next_round(batch, 1, jobs=1, rows=1, now=NOON)
    network.strike(Loss.ANSWER)
    assert ledger.ask_retry(batch.batch_id, 1)
    network.strike(Loss.ANSWER)
    assert ledger.open_round(round) == round
    assert ledger.rounds(batch.batch_id) == [round]
    assert network.struck == 2


def test_a_batch_is_deleted_once_whatever_is_lost(ledger: Ledger, batch: Batch, network: Network) -> None:
    finished(ledger, batch)
    network.strike(Loss.ANSWER)
    gone = ledger.delete(batch.batch_id, now=at(5))
    assert gone is not None
    assert gone.deleted_at == at(5)
    network.strike(Loss.ANSWER)
    assert ledger.erase(batch.batch_id, limit=99)
    assert ledger.deleted(limit=9) == []


DEEDS: dict[str, Callable[[Ledger, Batch], object]] = {
    "open": lambda ledger, batch: ledger.open(a_batch()),
    "claim": lambda ledger, batch: ledger.claim(ref(batch), now=NOON, lease_until=at(30)),
    "settle": lambda ledger, batch: ledger.settle(batch.batch_id, 0, [outcome(batch)], now=NOON),
    "intend": lambda ledger, batch: ledger.intend(batch.batch_id, paused=True),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_what_the_server_refuses_certainly_did_not_happen(
    ledger: Ledger, batch: Batch, network: Network, deed: str
) -> None:
    network.strike(Loss.PERMISSION)
    with pytest.raises(Unavailable):
        DEEDS[deed](ledger, batch)
    assert ledger.in_flight(batch.batch_id, 0) == 0
    assert [leaf.n for leaf in ledger.leaves(batch.batch_id, 0)] == [0]


def test_a_network_that_stays_away_leaves_a_write_unknown_and_a_read_undone(
    new_ledger: Ledgers, relayed: Relays, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.adapters.gcp import store

    monkeypatch.setattr(store, "RETRY", store.RETRY.with_timeout(0.3))
    ledger = new_ledger(relayed(lose=lambda method, request: Loss.REQUEST))
    with pytest.raises(Unknown):
        ledger.open(a_batch())
    with pytest.raises(Unavailable):
        ledger.batch("batch_1")
