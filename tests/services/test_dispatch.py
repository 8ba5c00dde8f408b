"""``dispatch``: glance, claim, spawn, note; nothing that is unwanted or held by another ever runs."""

from datetime import timedelta

import pytest

from shared import wiring
from shared.domain.identity import ligand_seed
from shared.events.messages import JobQueued
from tests.support.boundaries import Fault, Killed
from tests.support.chain import Chain
from tests.support.facts import ref
from tests.support.screens import answers, attempts, deliver_all, finished, letters, opened, tell, waiting

LEASE = timedelta(seconds=30)


def queue(chain: Chain, batch_id: str, position: int = 0, attempt: int = 1, **more: object) -> None:
    """Ask for an attempt, as a duplicate or a late message does."""
    event = JobQueued(ref=ref(chain.ledger.batch(batch_id), position, attempt), **more)
    wiring.local_bus().publish([event])


def calls() -> int:
    """How many calls wait or run."""
    return sum(wiring.local_calls().counts().values())


def test_a_queued_job_is_claimed_spawned_and_its_call_noted(chain: Chain) -> None:
    batch_id = opened(chain)
    deliver_all(chain)
    [attempt] = attempts(chain, batch_id)
    [call] = chain.taken()
    assert (attempt.call_id, attempt.claims, attempt.ref.attempt) == (call.call_id, 1, 1)
    assert attempt.lease_until == chain.clock.now() + LEASE
    assert attempt.due_at is not None
    assert attempt.deadline is not None
    assert attempt.claimed_at < attempt.due_at < attempt.deadline


def test_an_order_holds_references_and_the_ligands_own_seed(chain: Chain) -> None:
    batch_id = opened(chain, parameters={"payload_bytes": 8}, seed=7)
    deliver_all(chain)
    [call] = chain.taken()
    batch = chain.ledger.batch(batch_id)
    assert call.order.seed == ligand_seed(7, "C", batch.target_digest, "noop")
    assert call.order.webhook_url.endswith("/api/v3/webhooks/engine")
    assert call.order.timeout_seconds == 5
    folder = f"batches/{batch_id}/jobs/{call.order.ref.job_id}"
    assert {key for key, _ in call.order.uploads.values()} == {
        f"{folder}/results.json",
        f"{folder}/payload.bin",
    }
    assert len(call.order.model_dump_json()) < 4000


def test_a_duplicate_within_the_lease_does_nothing(chain: Chain) -> None:
    batch_id = opened(chain)
    queue(chain, batch_id)
    deliver_all(chain)
    assert calls() == 1
    assert waiting() == {}


def test_a_duplicate_after_the_lease_finds_the_call_and_does_nothing(chain: Chain) -> None:
    batch_id = opened(chain)
    deliver_all(chain)
    chain.clock.advance(2 * LEASE)
    queue(chain, batch_id)
    deliver_all(chain)
    assert calls() == 1


@pytest.mark.parametrize("wish", ["cancelled", "paused"])
def test_what_nobody_wants_any_more_is_never_spawned(chain: Chain, wish: str) -> None:
    batch_id = opened(chain, 3)
    if wish == "paused":
        chain.ledger.intend(batch_id, paused=True)
    else:
        chain.api(f"/api/v3/batches/{batch_id}/control/cancel", "POST")
    deliver_all(chain)
    assert (calls(), attempts(chain, batch_id, 3), waiting()) == (0, [], {})


def test_a_settled_job_is_never_spawned_again(chain: Chain) -> None:
    batch_id = finished(chain, 2)
    for attempt in (1, 2):
        queue(chain, batch_id, 1, attempt)
        deliver_all(chain)
    assert calls() == 0
    assert attempts(chain, batch_id, 2) == []


def test_a_retry_that_is_not_due_yet_is_left_to_its_time(chain: Chain) -> None:
    batch_id = opened(chain)
    queue(chain, batch_id, not_before=chain.clock.now() + timedelta(seconds=5))
    delivered = chain.leased()
    assert len(delivered) == 1
    chain.clock.advance(timedelta(seconds=5))
    assert len(chain.leased()) == 1


def test_a_spawn_that_certainly_failed_gives_the_claim_back_and_is_redelivered(chain: Chain) -> None:
    batch_id = opened(chain)
    chain.boundaries.plan = lambda number, name: Fault.FAIL_BEFORE if name == "engine.spawn" else None
    deliver_all(chain)
    [attempt] = attempts(chain, batch_id)
    assert (attempt.call_id, attempt.lease_until) == (None, chain.clock.now())
    assert waiting() == {"dispatch-job-queued": 1}
    chain.boundaries.plan = lambda number, name: None
    chain.clock.advance(timedelta(seconds=1))
    deliver_all(chain)
    assert calls() == 1
    assert attempts(chain, batch_id)[0].claims == 1


def test_a_spawn_that_may_have_happened_is_left_alone_until_the_lease_ends(chain: Chain) -> None:
    batch_id = opened(chain)
    chain.boundaries.plan = lambda number, name: Fault.FAIL_AFTER if name == "engine.spawn" else None
    deliver_all(chain)
    chain.boundaries.plan = lambda number, name: None
    [attempt] = attempts(chain, batch_id)
    assert (attempt.call_id, attempt.due_at) == (None, chain.clock.now() + LEASE)
    assert waiting() == {}
    queue(chain, batch_id)
    deliver_all(chain)
    assert calls() == 1


def test_the_answer_of_a_run_whose_call_was_never_noted_is_taken(chain: Chain) -> None:
    batch_id = opened(chain)
    chain.boundaries.plan = lambda number, name: Fault.FAIL_AFTER if name == "engine.spawn" else None
    deliver_all(chain)
    chain.boundaries.plan = lambda number, name: None
    tell(chain, *answers(chain))
    assert chain.ledger.closing(batch_id, 0) is not None


def test_of_two_calls_for_one_attempt_the_one_that_was_not_noted_is_cancelled(chain: Chain) -> None:
    """While the first dispatcher spawns, its lease runs out and another one claims, spawns and notes."""
    batch_id, twice = opened(chain), list[int]()

    def between() -> None:
        if chain.boundaries.met[-1][1] == "engine.spawn" and not twice:
            twice.append(1)
            chain.clock.advance(LEASE)
            queue(chain, batch_id)
            deliver_all(chain)

    chain.boundaries.between = between
    deliver_all(chain)
    [attempt] = attempts(chain, batch_id)
    assert (twice, attempt.claims) == ([1], 2)
    [call] = chain.taken()
    assert call.call_id == attempt.call_id


def test_a_kill_between_spawn_and_note_costs_a_run_but_no_result(chain: Chain) -> None:
    batch_id = opened(chain)
    chain.boundaries.plan = lambda number, name: Fault.KILL_AFTER if name == "engine.spawn" else None
    with pytest.raises(Killed):
        deliver_all(chain)
    chain.boundaries.plan = lambda number, name: None
    chain.restart()
    chain.drain()
    assert len(chain.ledger.outcomes(batch_id, 0, limit=9)) == 1
    assert letters() == []
