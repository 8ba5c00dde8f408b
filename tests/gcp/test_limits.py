"""Firestore's limits: a megabyte a record, five hundred writes and some megabytes a commit."""

import pytest
from google.cloud.firestore_v1.types import CommitRequest

from shared.domain.lifecycle import first_round, next_round, tree_of
from shared.errors import InvalidInput
from shared.models.facts import Settled
from shared.ports.ledger import Ledger
from tests.support.facts import a_batch, at, outcome, ref
from tests.support.firestore import Ledgers, Relays
from tests.support.world import NOON

pytestmark = pytest.mark.gcp
MOST_WRITES = 500
MOST_BYTES = 3.5 * 1024 * 1024


@pytest.fixture
def commits() -> list[bytes]:
    """The commits so far."""
    return []


@pytest.fixture
def ledger(new_ledger: Ledgers, relayed: Relays, commits: list[bytes]) -> Ledger:
    """A ledger whose commits are seen."""

    def see(method: str, request: bytes, answers: list[bytes]) -> None:
        if method == "Commit":
            commits.append(request)

    return new_ledger(relayed(seen=see))


def assert_within_limits(commits: list[bytes]) -> None:
    """None is too large for Firestore."""
    assert max(len(CommitRequest.deserialize(commit).writes) for commit in commits) <= MOST_WRITES
    assert max(map(len, commits)) <= MOST_BYTES


def test_a_tree_of_a_thousand_leaves_is_opened_and_read_in_parts(
    ledger: Ledger, commits: list[bytes]
) -> None:
    batch = ledger.open(a_batch(60_000, leaves=1000))
    tree = tree_of(first_round(batch))
    assert [(node.level, node.k) for node in ledger.nodes(batch.batch_id, 0)] == list(tree.nodes())
    assert len(commits) == 3
    assert_within_limits(commits)


def test_a_round_of_a_thousand_leaves_becomes_known_with_its_last_node(
    ledger: Ledger, commits: list[bytes]
) -> None:
    batch = ledger.open(a_batch(60_000, leaves=1000))
    round = next_round(batch, 1, jobs=55_000, rows=55_000, now=NOON)
    assert ledger.open_round(round) == ledger.open_round(round) == round
    assert ledger.rounds(batch.batch_id) == [round]
    assert len(ledger.leaves(batch.batch_id, 1)) == 1000
    assert_within_limits(commits)


def test_a_leaf_of_a_thousand_outcomes_is_settled_in_parts_and_each_counts_once(
    ledger: Ledger, commits: list[bytes]
) -> None:
    batch = ledger.open(a_batch(1000, leaves=1))
    some = [outcome(batch, position) for position in range(0, 1000, 250)]
    assert ledger.settle(batch.batch_id, 0, some, now=NOON) == Settled(created=4, n=4)
    ledger.claim(ref(batch, 999), now=NOON, lease_until=at(30))
    every = [outcome(batch, position, "cancelled") for position in range(1000)]
    assert ledger.settle(batch.batch_id, 0, every, now=NOON) == Settled(created=996, n=1000)
    assert ledger.settle(batch.batch_id, 0, every, now=NOON) == Settled(created=0, n=1000)
    [leaf] = ledger.leaves(batch.batch_id, 0)
    assert (leaf.n, leaf.completed, leaf.cancelled) == (1000, 4, 996)
    assert ledger.in_flight(batch.batch_id, 0) == 0
    assert_within_limits(commits)


def test_large_outcomes_share_a_commit_only_as_far_as_it_holds_them(
    ledger: Ledger, commits: list[bytes]
) -> None:
    batch = ledger.open(a_batch(12, leaves=1))
    large = [outcome(batch, position, metrics={"text": "x" * 900_000}) for position in range(12)]
    assert ledger.settle(batch.batch_id, 0, large, now=NOON) == Settled(created=12, n=12)
    assert ledger.outcome(ref(batch, 11)) == large[11]
    assert_within_limits(commits)


def test_an_outcome_that_no_record_can_hold_is_refused_for_good(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(1))
    with pytest.raises(InvalidInput):
        ledger.settle(batch.batch_id, 0, [outcome(batch, metrics={"text": "x" * 1_100_000})], now=NOON)
    assert ledger.leaves(batch.batch_id, 0)[0].n == 0


def test_a_crowded_batch_is_erased_in_parts(ledger: Ledger, commits: list[bytes]) -> None:
    batch = ledger.open(a_batch(700, leaves=1))
    every = [outcome(batch, position) for position in range(700)]
    ledger.settle(batch.batch_id, 0, every, now=NOON)
    ledger.close(batch.batch_id, 0, now=NOON)
    fence = ledger.claim_aggregation(batch.batch_id, 0, now=NOON, lease_until=at(60))
    ledger.finish(batch.batch_id, 0, fence=fence or 0, status="failed", summary={}, artefacts=[], now=NOON)
    ledger.delete(batch.batch_id, now=NOON)
    assert [ledger.erase(batch.batch_id, limit=650) for _ in range(2)] == [False, True]
    assert ledger.outcomes(batch.batch_id, 0, limit=9) == []
    assert_within_limits(commits)
