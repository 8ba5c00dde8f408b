"""Computing failed ligands again: a round of their own, and the sum stays exact."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.support.chain import Chain
from tests.support.functions import Reply
from tests.support.screens import (
    answers,
    assert_problem,
    attempts,
    deliver_all,
    finished,
    opened,
    paths,
    status,
    tell,
)

LEASE = timedelta(seconds=600)
HALF = {"failure_rate": 0.5, "failing_rounds": 1}


def retry(chain: Chain, batch_id: str, round: int | None = None) -> Reply:
    """Ask for it."""
    query = "" if round is None else f"?round={round}"
    return chain.api(f"/api/v3/batches/{batch_id}/control/retry_failed{query}", "POST")


def counts(chain: Chain, batch_id: str) -> dict[str, int]:
    """The counts that are not zero."""
    found: dict[str, Any] = status(chain, batch_id)["accounting"]
    return {kind: n for kind, n in found.items() if n}


def rows(chain: Chain, batch_id: str) -> dict[str, dict[str, Any]]:
    """The result rows of all ligands, by job."""
    reply = chain.api(f"/api/v3/batches/{batch_id}/results?page_size=1501")
    return {row["job_id"]: row for row in reply.body["results"]}


def half_failed(chain: Chain, ligands: int = 12, **parameters: Any) -> tuple[str, int]:
    """A finished screen of which about half failed, and how many did."""
    batch_id = finished(chain, ligands, invalid=1, parameters=HALF | parameters)
    failed = counts(chain, batch_id)["failed"]
    assert 0 < failed < ligands
    return batch_id, failed


def test_the_ligands_that_failed_are_computed_again_and_no_other(chain: Chain) -> None:
    batch_id, failed = half_failed(chain)
    before = rows(chain, batch_id)
    reply = retry(chain, batch_id)
    assert (reply.status, reply.body["success"], reply.body["round"]) == (200, True, 1)
    assert status(chain, batch_id)["status"] == "running"
    chain.drain()
    assert status(chain, batch_id)["status"] == "completed"
    assert counts(chain, batch_id) == {"submitted": 13, "completed": 12, "invalid": 1}
    assert len(chain.ledger.outcomes(batch_id, 1, limit=99)) == failed
    after = rows(chain, batch_id)
    assert all(
        after[job] == before[job] | {"rank": after[job]["rank"]} for job in before if done(before[job])
    )
    assert sorted(row["rank"] for row in after.values() if row["rank"]) == list(range(1, 13))


def done(row: dict[str, Any]) -> bool:
    """Whether the ligand had a result."""
    return bool(row["status"] == "completed")


def test_the_artefacts_tell_the_latest_round(chain: Chain) -> None:
    batch_id, _ = half_failed(chain)
    retry(chain, batch_id)
    chain.drain()
    stored = json.loads(chain.api(f"/api/v3/batches/{batch_id}/artefacts/batch_results.json").raw)
    assert stored["accounting_sentence"].startswith("submitted 13 = 12 completed + 0 failed")
    assert {row["status"] for row in stored["jobs"]} == {"completed", "invalid"}
    assert chain.api(f"/api/v3/batches/{batch_id}/verify").body["ok"]


def test_while_a_round_is_open_the_sum_holds_at_every_step(chain: Chain) -> None:
    batch_id, failed = half_failed(chain, 40)
    retry(chain, batch_id)
    chain.reconcile()
    seen = set()
    while chain.step():
        found = status(chain, batch_id)
        assert found["invariant_holds"], found["accounting_sentence"]
        seen.add(found["accounting"]["completed"])
        assert chain.api(f"/api/v3/batches/{batch_id}/verify").body["problems"] == []
    assert max(seen) == 40
    assert failed > 0


def test_a_job_shows_the_round_in_which_it_stands(chain: Chain) -> None:
    batch_id, failed = half_failed(chain)
    retry(chain, batch_id)
    chain.reconcile()
    jobs = status(chain, batch_id)["jobs"]
    assert sorted({(job["round"], job["status"]) for job in jobs}) == [(0, "completed"), (1, "queued")]
    deliver_all(chain)
    again = [job for job in status(chain, batch_id)["jobs"] if job["round"] == 1]
    assert [job["status"] for job in again] == ["running"] * failed
    one = chain.api(f"/api/jobs/{again[0]['job_id']}").body
    assert (one["status"], one["round"], one["results"]) == ("running", 1, None)


def test_ligands_can_fail_again_and_be_retried_again(chain: Chain) -> None:
    batch_id, failed = half_failed(chain, failing_rounds=3)
    for number in (1, 2, 3):
        assert counts(chain, batch_id)["failed"] == failed
        assert retry(chain, batch_id).body["round"] == number
        chain.drain()
    assert counts(chain, batch_id) == {"submitted": 13, "completed": 12, "invalid": 1}


def test_a_screen_of_which_nothing_succeeded_can_be_retried(chain: Chain) -> None:
    batch_id = finished(chain, 3, parameters={"failure_rate": 1.0, "failing_rounds": 1})
    assert status(chain, batch_id)["status"] == "failed"
    retry(chain, batch_id)
    chain.drain()
    assert status(chain, batch_id)["status"] == "completed"


@pytest.mark.parametrize("stage", ["asked", "opened", "running", "finished"])
def test_a_named_round_is_opened_once_however_often_it_is_asked_for(chain: Chain, stage: str) -> None:
    batch_id, failed = half_failed(chain)
    first = retry(chain, batch_id, round=1)
    if stage != "asked":
        chain.reconcile()
    if stage == "running":
        deliver_all(chain)
    if stage == "finished":
        chain.drain()
    again = retry(chain, batch_id, round=1)
    assert (first.status, again.status) == (200, 200)
    chain.drain()
    assert chain.ledger.rounds(batch_id)[-1].number == 1
    assert len(chain.ledger.outcomes(batch_id, 1, limit=99)) == failed


def test_asking_again_while_a_round_is_open_means_that_round(chain: Chain) -> None:
    batch_id, _ = half_failed(chain)
    retry(chain, batch_id)
    chain.reconcile()
    assert retry(chain, batch_id).body["round"] == 1
    assert len(chain.ledger.rounds(batch_id)) == 1


def test_what_runs_still_or_has_no_failure_is_not_retried(chain: Chain) -> None:
    running = opened(chain, 2)
    assert_problem(retry(chain, running), 409)
    whole = finished(chain, 2)
    reply = retry(chain, whole)
    assert_problem(reply, 409)
    assert "no ligand" in reply.body["detail"]


def test_what_was_cancelled_is_not_retried(chain: Chain) -> None:
    batch_id = opened(chain, 2)
    chain.api(f"/api/v3/batches/{batch_id}/control/cancel", "POST")
    chain.drain()
    assert_problem(retry(chain, batch_id), 409)


def test_a_round_far_ahead_or_senseless_is_refused(chain: Chain) -> None:
    batch_id, _ = half_failed(chain)
    assert_problem(retry(chain, batch_id, round=3), 409)
    assert paths(retry(chain, batch_id, round=0)) == ["round"]


def test_a_retry_can_be_paused_and_resumed(chain: Chain) -> None:
    batch_id, _ = half_failed(chain)
    retry(chain, batch_id)
    assert chain.api(f"/api/v3/batches/{batch_id}/control/pause", "POST").status == 200
    for _ in range(4):
        chain.clock.advance(timedelta(minutes=1))
        chain.reconcile()
        while chain.step():
            pass
    assert status(chain, batch_id)["status"] == "paused"
    chain.api(f"/api/v3/batches/{batch_id}/control/resume", "POST")
    chain.drain()
    assert counts(chain, batch_id)["completed"] == 12


def test_a_retry_that_is_cancelled_keeps_what_had_succeeded(chain: Chain) -> None:
    batch_id, failed = half_failed(chain)
    retry(chain, batch_id)
    chain.api(f"/api/v3/batches/{batch_id}/control/cancel", "POST")
    chain.drain()
    assert status(chain, batch_id)["status"] == "cancelled"
    expected = {"submitted": 13, "completed": 12 - failed, "cancelled": failed, "invalid": 1}
    assert counts(chain, batch_id) == expected


def test_a_late_answer_to_the_first_round_changes_nothing(chain: Chain) -> None:
    batch_id = opened(chain, 2, parameters={"failure_rate": 1.0, "failing_rounds": 1})
    deliver_all(chain)
    late = answers(chain)
    tell(chain, *late)
    chain.drain()
    retry(chain, batch_id)
    chain.reconcile()
    tell(chain, *late)
    chain.drain()
    assert counts(chain, batch_id) == {"submitted": 2, "completed": 2}
    assert attempts(chain, batch_id, 2) == []
    assert chain.leased() == []


def test_a_retry_of_a_thousand_keeps_to_the_window(chain: Chain) -> None:
    batch_id = finished(
        chain,
        1100,
        parameters={"failure_rate": 1.0, "failing_rounds": 1},
        configuration={"max_concurrent_jobs": 300},
    )
    retry(chain, batch_id)
    chain.reconcile()
    assert counts(chain, batch_id) == {"submitted": 1100, "queued": 300, "pending": 800}
    chain.drain()
    assert counts(chain, batch_id) == {"submitted": 1100, "completed": 1100}


def test_while_a_second_writer_of_artefacts_may_be_at_work_the_next_round_waits(chain: Chain) -> None:
    batch_id = opened(chain, 1, parameters={"failure_rate": 1.0, "failing_rounds": 1})
    deliver_all(chain)
    tell(chain, *answers(chain))
    now = chain.clock.now()
    assert chain.ledger.claim_aggregation(batch_id, 0, now=now, lease_until=now + LEASE) == 1
    chain.clock.advance(LEASE)
    chain.drain()
    retry(chain, batch_id)
    chain.reconcile()
    assert chain.ledger.rounds(batch_id) == []
    chain.clock.advance(LEASE)
    chain.reconcile()
    assert [round.number for round in chain.ledger.rounds(batch_id)] == [1]
