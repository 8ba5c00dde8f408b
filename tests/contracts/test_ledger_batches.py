"""``Batches``: opened once, found by id, listed by page; intents are the only thing that changes."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from pydantic import JsonValue

from shared.domain.lifecycle import first_round, next_round, tree_of
from shared.errors import Gone, NotFound
from shared.models.batch import Batch
from shared.models.facts import Experience, Intents, Pace
from shared.ports.courses import Listed, Seal
from shared.ports.ledger import Glance, Ledger, Sight
from tests.support.crowd import at_once
from tests.support.facts import a_batch, at, outcome, ref
from tests.support.world import NOON


def test_an_opened_batch_is_found_as_it_was(ledger: Ledger) -> None:
    batch = a_batch(metadata={"project": "L99A", "n": 1.5}, notes={"box": "as given"})
    assert ledger.open(batch) == batch
    assert ledger.batch(batch.batch_id) == batch


def test_opening_twice_returns_the_batch_that_stands(ledger: Ledger) -> None:
    first = a_batch(3, name="first")
    ledger.open(first)
    ledger.settle(first.batch_id, 0, [outcome(first)], now=NOON)
    second = first.model_copy(update={"name": "second"})
    assert ledger.open(second) == first
    assert ledger.batch(first.batch_id).name == "first"
    assert [leaf.n for leaf in ledger.leaves(first.batch_id, 0)] == [1]


def test_of_sixteen_racing_openings_one_wins_and_all_see_it(ledger: Ledger) -> None:
    batch = a_batch(120, leaves=3)
    rivals = [batch.model_copy(update={"name": f"rival {n}"}) for n in range(16)]
    standing = at_once(ledger.open, rivals)
    assert len({found.name for found in standing}) == 1
    assert [leaf.n for leaf in ledger.leaves(batch.batch_id, 0)] == [0, 0, 0]


@pytest.mark.parametrize(("jobs", "leaves"), [(1, 1), (120, 3), (2000, 40), (60_000, 1000)])
def test_a_batch_is_opened_with_every_node_of_its_tree_at_zero(
    ledger: Ledger, jobs: int, leaves: int
) -> None:
    batch = ledger.open(a_batch(jobs, leaves=leaves))
    nodes = ledger.nodes(batch.batch_id, 0)
    assert [(node.level, node.k) for node in nodes] == list(tree_of(first_round(batch)).nodes())
    assert {node.n for node in nodes} == {0}
    assert [leaf.k for leaf in ledger.leaves(batch.batch_id, 0)] == list(range(leaves))
    assert {leaf.moved_at for leaf in ledger.leaves(batch.batch_id, 0)} == {batch.created_at}


def test_an_unknown_batch_is_not_found(ledger: Ledger) -> None:
    missing = a_batch()
    for ask in (
        lambda: ledger.batch(missing.batch_id),
        lambda: ledger.intents(missing.batch_id),
        lambda: ledger.intend(missing.batch_id, paused=True),
        lambda: ledger.look(ref(missing)),
        lambda: ledger.glance(ref(missing)),
        lambda: ledger.batch("no/../id"),
        lambda: ledger.batch(""),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_look_shows_batch_intents_and_outcome_at_once(ledger: Ledger) -> None:
    batch = ledger.open(a_batch())
    first = first_round(batch)
    assert ledger.look(ref(batch, 1)) == Sight(batch, first, Intents(), None)
    settled = outcome(batch, 1, "failed")
    ledger.settle(batch.batch_id, 0, [settled], now=NOON)
    ledger.intend(batch.batch_id, paused=True)
    assert ledger.look(ref(batch, 1)) == Sight(batch, first, Intents(paused=True), settled)
    assert ledger.look(ref(batch, 2)) == Sight(batch, first, Intents(paused=True), None)


def test_a_glance_shows_batch_round_and_intents(ledger: Ledger) -> None:
    batch = ledger.open(a_batch())
    assert ledger.glance(ref(batch)) == Glance(batch, first_round(batch), Intents())
    ledger.intend(batch.batch_id, paused=True)
    assert ledger.glance(ref(batch)) == Glance(batch, first_round(batch), Intents(paused=True))
    with pytest.raises(NotFound):
        ledger.glance(ref(batch).model_copy(update={"round": 1}))


def test_an_intent_changes_only_what_is_given(ledger: Ledger) -> None:
    batch = ledger.open(a_batch()).batch_id
    assert ledger.intents(batch) == Intents()
    assert ledger.intend(batch, paused=True) == Intents(paused=True)
    assert ledger.intend(batch, cancelled_at=NOON) == Intents(paused=True, cancelled_at=NOON)
    assert ledger.intend(batch, paused=False) == Intents(cancelled_at=NOON)
    assert ledger.intents(batch) == Intents(cancelled_at=NOON)


def test_a_cancellation_keeps_its_first_time_for_ever(ledger: Ledger) -> None:
    batch = ledger.open(a_batch()).batch_id
    ledger.intend(batch, cancelled_at=NOON)
    assert ledger.intend(batch, cancelled_at=at(60)).cancelled_at == NOON
    assert ledger.intend(batch, cancelled_at=None).cancelled_at == NOON


def test_pages_of_batches_are_newest_first_and_miss_none(ledger: Ledger) -> None:
    ages = [3, 1, 1, 5, 1, 0, 2]
    opened = [ledger.open(a_batch(created_at=NOON - timedelta(hours=age))) for age in ages]
    expected = sorted(opened, key=lambda batch: (batch.created_at, batch.batch_id), reverse=True)
    for limit in (1, 2, 3, 100):
        seen, after = [], None
        while page := ledger.batches(owner="ada", unfinished=False, limit=limit, after=after):
            assert len(page) <= limit
            seen += page
            after = page[-1].batch_id
        assert seen == expected


def test_a_list_holds_one_owners_batches_or_everyones(ledger: Ledger) -> None:
    hers, his = ledger.open(a_batch(owner="ada")), ledger.open(a_batch(owner="ben"))
    assert ledger.batches(owner="ben", unfinished=False, limit=9, after=None) == [his]
    everyone = ledger.batches(owner=None, unfinished=False, limit=9, after=None)
    assert {batch.batch_id for batch in everyone} == {hers.batch_id, his.batch_id}


def test_a_listed_batch_brings_its_intents_and_the_closing_of_its_latest_round(ledger: Ledger) -> None:
    open_ = ledger.open(a_batch(owner="lister", created_at=NOON))
    done = ledger.open(a_batch(owner="lister", created_at=NOON - timedelta(hours=1)))
    ledger.open(a_batch(owner="ben"))
    ledger.intend(open_.batch_id, paused=True)
    ledger.close(done.batch_id, 0, now=NOON)
    closed = ledger.closing(done.batch_id, 0)
    assert [it[:3] for it in ledger.listed(owner="lister", limit=9)] == [
        (open_, Intents(paused=True), None),
        (done, Intents(), closed),
    ]
    fence = ledger.claim_aggregation(done.batch_id, 0, now=NOON, lease_until=at(60))
    assert fence is not None
    told: dict[str, JsonValue] = {"accounting": {"submitted": 3}}
    ledger.finish(done.batch_id, 0, fence=fence, status="failed", summary=told, artefacts=[], now=at(5))
    [listed] = ledger.listed(owner="lister", limit=9, skip=1)
    assert listed.closing == ledger.closing(done.batch_id, 0)
    assert listed.closing is not None
    assert (listed.closing.status, listed.closing.summary) == ("failed", told)
    ledger.ask_retry(done.batch_id, 1)
    ledger.open_round(next_round(done, 1, jobs=1, rows=1, now=NOON))
    [listed] = ledger.listed(owner="lister", limit=9, after=open_.batch_id)
    assert (listed.intents.round, listed.closing) == (1, None)


def test_pages_by_number_and_by_cursor_make_the_same_list(ledger: Ledger) -> None:
    opened = [ledger.open(a_batch(owner="pager", created_at=at(n))) for n in range(7)]
    ids = [batch.batch_id for batch in reversed(opened)]

    def page(skip: int, after: str | None = None) -> list[str]:
        found = ledger.listed(owner="pager", limit=3, skip=skip, after=after)
        return [it.batch.batch_id for it in found]

    assert page(0) + page(3) + page(6) == ids
    assert page(0, ids[2]) == ids[3:6]
    assert page(1, ids[2]) == ids[4:7]
    assert page(7) == page(0, ids[-1]) == []


def test_batches_are_counted_up_to_a_bound_and_deleted_ones_are_not(ledger: Ledger) -> None:
    opened = [ledger.open(a_batch(owner="counter")) for _ in range(3)]
    assert [ledger.count(owner="counter", most=most) for most in (2, 3, 9)] == [2, 3, 3]
    assert ledger.count(owner="nobody", most=9) == 0
    gone = opened[0].batch_id
    ledger.close(gone, 0, now=NOON)
    fence = ledger.claim_aggregation(gone, 0, now=NOON, lease_until=at(60))
    assert fence is not None
    ledger.finish(gone, 0, fence=fence, status="failed", summary={}, artefacts=[], now=NOON)
    assert ledger.delete(gone, now=NOON)
    assert ledger.count(owner="counter", most=9) == 2
    assert gone not in [it.batch.batch_id for it in ledger.listed(owner="counter", limit=9)]


def test_a_finished_batch_leaves_the_list_of_unfinished_ones(ledger: Ledger) -> None:
    done, open_ = ledger.open(a_batch()), ledger.open(a_batch())
    ledger.close(done.batch_id, 0, now=NOON)
    fence = ledger.claim_aggregation(done.batch_id, 0, now=NOON, lease_until=at(60))
    assert fence is not None
    assert len(ledger.batches(owner=None, unfinished=True, limit=9, after=None)) == 2
    ledger.finish(done.batch_id, 0, fence=fence, status="completed", summary={}, artefacts=[], now=NOON)
    assert ledger.batches(owner=None, unfinished=True, limit=9, after=None) == [open_]
    assert len(ledger.batches(owner=None, unfinished=False, limit=9, after=None)) == 2


def test_a_brake_is_kept_until_the_next_look_and_leaves_the_owners_wishes_alone(ledger: Ledger) -> None:
    batch = ledger.open(a_batch())
    slow = Pace(limit=3, reason="slow", run_seconds=2.5, judged=Experience(ran=7), judged_at=NOON)
    assert ledger.intents(batch.batch_id).limit is None
    assert ledger.intend(batch.batch_id, paused=True) == Intents(paused=True)
    assert ledger.intend(batch.batch_id, pace=slow) == Intents(paused=True, pace=slow)
    assert ledger.intend(batch.batch_id, paused=False).limit == 3
    free = slow.model_copy(update={"limit": None})
    assert ledger.intend(batch.batch_id, pace=free) == Intents(pace=free)
    assert ledger.look(ref(batch)).intents == Intents(pace=free)


def test_a_list_comes_with_what_is_wanted_and_with_the_seals(ledger: Ledger) -> None:
    owner = f"owner-{uuid4().hex}"
    old, new = (ledger.open(a_batch(owner=owner, created_at=at(n))) for n in range(2))
    ledger.intend(old.batch_id, paused=True)
    open_seal = Seal(owner, None)
    assert ledger.listed(owner=owner, limit=9) == [
        Listed(new, Intents(), None, open_seal),
        Listed(old, Intents(paused=True), None, open_seal),
    ]
    assert [it.batch for it in ledger.listed(owner=owner, limit=1, after=new.batch_id)] == [old]


def test_a_seal_is_that_of_its_owner_and_has_a_mark_from_the_end_on(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(owner="ada"))
    assert ledger.seal(batch.batch_id) == Seal("ada", None)
    finished(ledger, batch)
    sealed = ledger.seal(batch.batch_id)
    assert sealed.owner == "ada"
    assert sealed.mark is not None
    assert ledger.seal(batch.batch_id) == sealed
    assert [it.seal for it in ledger.listed(owner="ada", limit=1)] == [sealed]


def test_a_round_that_is_asked_for_breaks_the_seal_and_its_end_makes_another(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(owner="ada"))
    finished(ledger, batch)
    first = ledger.seal(batch.batch_id).mark
    assert ledger.ask_retry(batch.batch_id, 1)
    assert ledger.seal(batch.batch_id).mark is None
    ledger.open_round(next_round(batch, 1, jobs=1, rows=1, now=NOON))
    assert ledger.seal(batch.batch_id).mark is None
    finished(ledger, batch, 1)
    assert ledger.seal(batch.batch_id).mark not in (None, first)


def test_of_a_deleted_or_unknown_batch_there_is_no_seal(ledger: Ledger) -> None:
    batch = ledger.open(a_batch(owner="ada"))
    finished(ledger, batch)
    ledger.delete(batch.batch_id, now=NOON)
    with pytest.raises(Gone):
        ledger.seal(batch.batch_id)
    with pytest.raises(NotFound):
        ledger.seal(a_batch().batch_id)


def finished(ledger: Ledger, batch: Batch, round: int = 0) -> None:
    """Close a round and finish it."""
    ledger.close(batch.batch_id, round, now=NOON)
    fence = ledger.claim_aggregation(batch.batch_id, round, now=NOON, lease_until=at(60))
    assert fence is not None
    told: dict[str, Any] = {"status": "completed", "summary": {}, "artefacts": (), "now": NOON}
    assert ledger.finish(batch.batch_id, round, fence=fence, **told)
