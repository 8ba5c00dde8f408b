"""Later rounds and deletion: asked for under conditions, created once, erased in parts."""

import pytest

from shared.domain.lifecycle import next_round, tree_of
from shared.errors import Gone
from shared.models.batch import Batch
from shared.models.facts import Intents, Round
from shared.models.work import JobRef
from shared.ports.ledger import Ledger
from tests.support.crowd import at_once
from tests.support.facts import a_batch, at, outcome, ref
from tests.support.world import NOON


def over(ledger: Ledger, batch: Batch, number: int = 0) -> Batch:
    """The batch with its round closed and finished."""
    ledger.open(batch)
    ledger.close(batch.batch_id, number, now=NOON)
    fence = ledger.claim_aggregation(batch.batch_id, number, now=NOON, lease_until=at(60))
    assert fence is not None
    ledger.finish(batch.batch_id, number, fence=fence, status="failed", summary={}, artefacts=[], now=at(1))
    return batch


def a_round(batch: Batch, number: int = 1, jobs: int = 2) -> Round:
    """A round of that many failed jobs."""
    return next_round(batch, number, jobs=jobs, rows=jobs, now=at(2))


def unfinished(ledger: Ledger) -> list[str]:
    """The ids of all batches that are not finished."""
    found = ledger.batches(owner=None, unfinished=True, limit=1000, after=None)
    return [batch.batch_id for batch in found]


def test_a_retry_is_asked_for_once_and_makes_the_batch_unfinished(ledger: Ledger) -> None:
    batch = over(ledger, a_batch()).batch_id
    ledger.intend(batch, paused=True)
    assert [ledger.ask_retry(batch, 1) for _ in range(3)] == [True] * 3
    assert ledger.intents(batch) == Intents(retry=1)
    assert batch in unfinished(ledger)


def test_a_retry_of_what_is_not_over_or_was_cancelled_or_skips_a_round_is_not_taken(ledger: Ledger) -> None:
    running, cancelled, done = ledger.open(a_batch()), over(ledger, a_batch()), over(ledger, a_batch())
    ledger.intend(cancelled.batch_id, cancelled_at=NOON)
    asked = [(running, 1), (cancelled, 1), (done, 2)]
    assert [ledger.ask_retry(batch.batch_id, number) for batch, number in asked] == [False] * 3
    assert {ledger.intents(batch.batch_id).retry for batch, _ in asked} == {0}


def test_of_racing_openings_one_wins_and_the_tree_starts_at_zero(ledger: Ledger) -> None:
    batch = over(ledger, a_batch(200))
    ledger.ask_retry(batch.batch_id, 1)
    rivals = [a_round(batch, jobs=100).model_copy(update={"opened_at": at(n)}) for n in range(8)]
    standing = at_once(ledger.open_round, rivals)
    assert len({round.opened_at for round in standing}) == 1
    assert ledger.rounds(batch.batch_id) == standing[:1]
    nodes = ledger.nodes(batch.batch_id, 1)
    assert [(node.level, node.k) for node in nodes] == list(tree_of(standing[0]).nodes())
    assert {node.n for node in nodes} == {0}
    assert ledger.intents(batch.batch_id).round == 1


def test_rounds_count_apart_and_their_jobs_keep_both_places(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(3))
    ledger.settle(batch.batch_id, 0, [outcome(batch, 2, "failed")], now=NOON)
    over(ledger, batch)
    ledger.ask_retry(batch.batch_id, 1)
    ledger.open_round(a_round(batch, jobs=1))
    again = ref(batch, 2).model_copy(update={"round": 1, "place": 0})
    attempt = ledger.claim(again, now=NOON, lease_until=at(30))
    assert attempt is not None
    assert attempt.ref == again
    assert ledger.look(again).outcome is None
    assert ledger.look(again).round == ledger.glance(again).round == a_round(batch, jobs=1)
    ledger.settle(batch.batch_id, 0, [outcome(batch, ref=again)], now=NOON)
    assert [ledger.leaves(batch.batch_id, number)[0].n for number in (0, 1)] == [1, 1]
    assert [ledger.outcomes(batch.batch_id, number, limit=9)[0].kind for number in (0, 1)] == [
        "failed",
        "completed",
    ]


def test_an_outcome_counts_the_rows_it_stands_for_and_one_job(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(3))
    settled = [outcome(batch, 0, copies=4), outcome(batch, 1, "failed", copies=2), outcome(batch, 2)]
    assert ledger.settle(batch.batch_id, 0, settled, now=NOON).n == 3
    [leaf] = ledger.leaves(batch.batch_id, 0)
    assert (leaf.n, leaf.completed, leaf.failed) == (3, 5, 2)


def test_only_what_is_finished_is_deleted_and_its_first_time_is_kept(ledger: Ledger) -> None:
    running, done = ledger.open(a_batch()), over(ledger, a_batch(owner="eve"))
    assert ledger.delete(running.batch_id, now=NOON) is None
    first, again = (ledger.delete(done.batch_id, now=at(second)) for second in (5, 9))
    assert first is not None
    assert again is not None
    for gone in (first, again):
        assert (gone.batch_id, gone.owner, gone.deleted_at, gone.jobs) == (done.batch_id, "eve", at(5), 3)


def test_whatever_names_a_deleted_batch_is_told_that_it_is_gone(ledger: Ledger) -> None:
    batch = over(ledger, a_batch())
    ledger.delete(batch.batch_id, now=NOON)
    for ask in (
        lambda: ledger.batch(batch.batch_id),
        lambda: ledger.intents(batch.batch_id),
        lambda: ledger.look(ref(batch)),
        lambda: ledger.glance(ref(batch)),
        lambda: ledger.open(batch),
    ):
        with pytest.raises(Gone):
            ask()
    assert not ledger.ask_retry(batch.batch_id, 1)
    found = ledger.batches(owner=None, unfinished=False, limit=1000, after=None)
    assert batch.batch_id not in [it.batch_id for it in found]


def test_a_deleted_batch_is_erased_in_parts_until_nothing_of_it_is_left(ledger: Ledger) -> None:
    batch, other = over(ledger, a_batch(30)), over(ledger, a_batch(30))
    for one in (batch, other):
        ledger.settle(one.batch_id, 0, [outcome(one, n) for n in range(30)], now=NOON)
        for n in range(5):
            ledger.claim(JobRef(**ref(one, n).model_dump()), now=NOON, lease_until=at(30))
    ledger.delete(batch.batch_id, now=NOON)
    assert [gone.batch_id for gone in ledger.deleted(limit=9)] == [batch.batch_id]
    parts = 1
    while not ledger.erase(batch.batch_id, limit=10):
        parts += 1
    assert parts > 3
    assert ledger.deleted(limit=9) == []
    assert ledger.outcomes(batch.batch_id, 0, limit=99) == []
    assert ledger.attempts(batch.batch_id, 0, range(30)) == []
    assert ledger.closing(batch.batch_id, 0) is None
    assert len(ledger.outcomes(other.batch_id, 0, limit=99)) == 30
    with pytest.raises(Gone):
        ledger.batch(batch.batch_id)
