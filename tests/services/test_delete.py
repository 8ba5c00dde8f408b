"""Deleting: hidden at once, erased soon, and never half."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise

import pytest

from services.reconcile import deletions
from shared import wiring
from tests.support.boundaries import Fault, Killed
from tests.support.chain import Chain
from tests.support.functions import Reply
from tests.support.orders import noop_order
from tests.support.screens import answers, assert_problem, deliver_all, finished, letters, opened, tell

STORED = {"payload_bytes": 16}


def delete(chain: Chain, batch_id: str) -> Reply:
    """Ask for it."""
    return chain.api(f"/api/v3/batches/{batch_id}", "DELETE")


def objects(batch_id: str) -> list[str]:
    """What the batch left in the object store."""
    blobs = wiring.local_blobs()
    return [key for folder in ("batches", "archive") for key in blobs.list(f"{folder}/{batch_id}/")]


def records(batch_id: str) -> int:
    """How many records the batch left."""
    tables = ("outcomes", "attempts", "nodes", "closings", "rounds", "milestones", "calls")
    sql = "SELECT count(*) AS n FROM {} WHERE batch_id = ?"
    return sum(wiring.local_database().read(sql.format(name), (batch_id,))[0]["n"] for name in tables)


def test_a_deleted_batch_is_gone_from_every_route_at_once(chain: Chain) -> None:
    batch_id, kept = finished(chain), finished(chain)
    reply = delete(chain, batch_id)
    assert (reply.status, reply.body["success"], reply.body["deleted_jobs"]) == (200, True, 3)
    for path in ("status", "results", "verify", "artefacts", "artefacts/summary.json"):
        assert_problem(chain.api(f"/api/v3/batches/{batch_id}/{path}"), 404)
    listed = chain.api("/api/v3/batches").body["batches"]
    assert [batch["batch_id"] for batch in listed] == [kept]


def test_what_it_left_is_erased_by_the_sweeper_and_only_that(chain: Chain) -> None:
    batch_id, kept = (finished(chain, parameters=STORED) for _ in range(2))
    assert objects(batch_id)
    delete(chain, batch_id)
    chain.reconcile()
    assert not objects(batch_id)
    chain.clock.advance(timedelta(minutes=11))
    chain.reconcile()
    assert records(batch_id) == 0
    assert chain.api(f"/api/v3/batches/{kept}/verify").body["ok"]


def test_objects_are_erased_together_and_not_one_by_one(chain: Chain) -> None:
    batch_id = finished(chain, parameters=STORED)
    delete(chain, batch_id)
    stored = len(objects(batch_id))
    before = len(chain.boundaries.met)
    chain.reconcile()
    calls = Counter(call for _, call in chain.boundaries.met[before:])
    assert stored > 10
    assert (calls["blobs.delete_many"], calls["blobs.delete"]) == (1, 0)
    assert not objects(batch_id)


def test_a_pass_erases_so_many_objects_and_the_next_one_goes_on(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound is that of the pass, not of each batch; what was not looked at keeps its records."""
    monkeypatch.setattr(deletions, "MOST_OBJECTS", 8)
    monkeypatch.setattr(deletions, "PORTION", 3)
    deleted = [finished(chain, parameters=STORED) for _ in range(2)]
    for batch_id in deleted:
        delete(chain, batch_id)
    chain.clock.advance(timedelta(minutes=11))
    left = [sum(len(objects(batch_id)) for batch_id in deleted)]
    while left[-1]:
        chain.reconcile()
        left.append(sum(len(objects(batch_id)) for batch_id in deleted))
        assert all(records(batch_id) for batch_id in deleted if objects(batch_id))
    assert all(more - less == min(8, more) for more, less in pairwise(left))
    for _ in range(2):
        chain.reconcile()
    assert [records(batch_id) for batch_id in deleted] == [0, 0]


def test_a_pass_that_takes_long_stops_erasing(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletions, "PORTION", 2)
    batch_id = finished(chain, parameters=STORED)
    delete(chain, batch_id)
    stored = len(objects(batch_id))

    def slowly(call: str, answer: object, arguments: object) -> None:
        if call == "blobs.delete_many":
            chain.clock.advance(timedelta(seconds=25))

    monkeypatch.setattr(chain.boundaries, "seen", slowly)
    assert chain.reconcile().status == 200
    assert stored - len(objects(batch_id)) == 6


@pytest.mark.parametrize("fault", Fault)
def test_what_a_broken_off_pass_left_is_erased_by_the_next(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr(deletions, "PORTION", 5)
    batch_id, kept = (finished(chain, parameters=STORED) for _ in range(2))
    delete(chain, batch_id)
    chain.clock.advance(timedelta(minutes=11))
    struck = list[str]()

    def plan(number: int, call: str) -> Fault | None:
        if call != "blobs.delete_many":
            return None
        struck.append(call)
        return fault if len(struck) == 2 else None

    monkeypatch.setattr(chain.boundaries, "plan", plan)
    with suppress(Killed):
        assert chain.reconcile().status == 503
    assert objects(batch_id)
    assert records(batch_id)
    for _ in range(2):
        chain.reconcile()
    assert not objects(batch_id)
    assert records(batch_id) == 0
    assert chain.api(f"/api/v3/batches/{kept}/verify").body["ok"]


def test_objects_that_a_late_writer_leaves_are_erased_too(chain: Chain) -> None:
    batch_id = finished(chain)
    delete(chain, batch_id)
    chain.reconcile()
    wiring.local_blobs().put(f"batches/{batch_id}/summary.json", b"{}")
    chain.clock.advance(timedelta(minutes=11))
    for _ in range(2):
        chain.reconcile()
    assert not objects(batch_id)
    assert records(batch_id) == 0


def test_deleting_twice_gives_the_same_answer_also_after_it_is_erased(chain: Chain) -> None:
    batch_id = finished(chain)
    first = delete(chain, batch_id)
    chain.clock.advance(timedelta(hours=1))
    for _ in range(3):
        chain.reconcile()
    assert delete(chain, batch_id).body == first.body


@pytest.mark.parametrize("stage", ["queued", "running", "paused", "aggregating"])
def test_what_is_not_over_cannot_be_deleted(chain: Chain, stage: str) -> None:
    batch_id = opened(chain, 1)
    if stage == "paused":
        chain.api(f"/api/v3/batches/{batch_id}/control/pause", "POST")
    elif stage != "queued":
        deliver_all(chain)
    if stage == "aggregating":
        tell(chain, *answers(chain))
    assert_problem(delete(chain, batch_id), 409)
    chain.api(f"/api/v3/batches/{batch_id}/control/resume", "POST")
    chain.drain()
    assert chain.api(f"/api/v3/batches/{batch_id}/verify").body["ok"]
    assert delete(chain, batch_id).status == 200


def test_a_retry_that_was_asked_for_keeps_the_batch_from_being_deleted(chain: Chain) -> None:
    batch_id = finished(chain, 3, parameters={"failure_rate": 1.0})
    chain.api(f"/api/v3/batches/{batch_id}/control/retry_failed", "POST")
    assert_problem(delete(chain, batch_id), 409)


def test_a_batch_that_never_was_cannot_be_deleted(chain: Chain) -> None:
    assert_problem(delete(chain, "batch_0123"), 404)


def test_late_messages_about_a_deleted_batch_are_dropped_without_a_dead_letter(chain: Chain) -> None:
    batch_id = opened(chain, 1)
    deliver_all(chain)
    [late] = answers(chain)
    tell(chain, late)
    chain.drain()
    delete(chain, batch_id)
    tell(chain, late)
    chain.reconcile()
    assert letters() == []


def test_the_idempotency_key_of_a_deleted_batch_is_not_used_again(chain: Chain) -> None:
    order = noop_order(2)
    batch_id = chain.submit(order, key="k").body["batch_id"]
    chain.drain()
    delete(chain, batch_id)
    reply = chain.submit(order, key="k")
    assert_problem(reply, 409)
    assert "deleted" in reply.body["detail"]
