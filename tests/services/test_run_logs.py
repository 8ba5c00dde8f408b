"""The logs of the runs of a screen: found by the job, one for each attempt, also where there is no result."""

from datetime import timedelta
from typing import Any

import pytest

from shared import wiring
from shared.domain.identity import job_id
from shared.models.work import Envelope, Failure, FailureClass
from tests.support.chain import Chain
from tests.support.screens import answers, assert_problem, deliver_all, finished, one_answer, opened, tell

STORED: dict[str, Any] = {"parameters": {"payload_bytes": 8}}
DOOMED: dict[str, Any] = {"parameters": {"failure_rate": 1.0}}
LOST = Failure(kind=FailureClass.INFRASTRUCTURE, message="the worker is gone")


def log(chain: Chain, batch_id: str, name: str = "logs.txt") -> str:
    """A log of the only job, as the batch serves it."""
    reply = chain.api(f"/api/v3/batches/{batch_id}/artefacts/jobs/{job_id(batch_id, 0)}/{name}")
    assert reply.status == 200, reply.body
    return reply.raw.decode()


def lost(envelope: Envelope) -> Envelope:
    """The answer of a run that left nothing but its log."""
    kept = tuple(file for file in envelope.artefacts if file.name == "logs.txt")
    return envelope.model_copy(update={"status": "failed", "failure": LOST, "metrics": {}, "artefacts": kept})


@pytest.mark.parametrize("kind", [STORED, DOOMED], ids=["completed", "failed"])
def test_the_log_of_a_job_is_downloaded_whether_or_not_it_has_a_result(
    chain: Chain, kind: dict[str, Any]
) -> None:
    batch_id = finished(chain, 1, **kind)
    reply = chain.api(f"/api/jobs/{job_id(batch_id, 0)}/download/log")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert reply.headers["Content-Disposition"].endswith('_1_ligand_0_prediction.log"')
    assert job_id(batch_id, 0) in reply.raw.decode()
    assert ("model_error: this ligand was drawn to fail" in reply.raw.decode()) == (kind is DOOMED)


def test_a_failed_job_lists_its_log_and_says_that_it_has_no_results(chain: Chain) -> None:
    batch_id = finished(chain, 1, **DOOMED)
    job = chain.api(f"/api/jobs/{job_id(batch_id, 0)}").body
    assert [file["name"] for file in job["files"]] == ["logs.txt"]
    assert (job["results_available"], job["results"]["has_results"]) == (False, False)
    assert_problem(chain.api(f"/api/jobs/{job_id(batch_id, 0)}/download/json"), 409)
    assert chain.api(f"/api/v3/batches/{batch_id}/verify").body["ok"]


def test_a_model_run_that_stores_nothing_leaves_no_log(chain: Chain) -> None:
    batch_id = finished(chain, 1)
    assert list(wiring.local_blobs().list(f"batches/{batch_id}/jobs/")) == []
    assert_problem(chain.api(f"/api/jobs/{job_id(batch_id, 0)}/download/log"), 404)


def test_every_attempt_keeps_a_log_of_its_own_and_the_job_shows_that_which_decided(chain: Chain) -> None:
    batch_id = opened(chain, 1, **STORED)
    tell(chain, lost(one_answer(chain)))
    chain.drain()
    assert "attempt      1 of round 0" in log(chain, batch_id)
    assert "attempt      2 of round 0" in log(chain, batch_id, "logs_round0_attempt2.txt")
    shown = chain.api(f"/api/jobs/{job_id(batch_id, 0)}/download/log").raw.decode()
    assert shown == log(chain, batch_id, "logs_round0_attempt2.txt")


def test_a_retry_keeps_the_log_of_the_failure(chain: Chain) -> None:
    batch_id = finished(chain, 1, parameters={"failure_rate": 1.0, "failing_rounds": 1, "payload_bytes": 8})
    chain.api(f"/api/v3/batches/{batch_id}/control/retry_failed", "POST")
    chain.reconcile()
    chain.drain()
    assert "this ligand was drawn to fail" in log(chain, batch_id)
    assert "succeeded after" in log(chain, batch_id, "logs_round1_attempt1.txt")
    assert chain.api(f"/api/v3/batches/{batch_id}/verify").body["ok"]


def test_a_call_that_its_engine_repeats_changes_no_log_that_was_told(chain: Chain) -> None:
    batch_id = opened(chain, 1, **STORED)
    deliver_all(chain)
    [call] = chain.taken()
    first = chain.run(call)
    chain.clock.advance(timedelta(seconds=5))
    again = chain.run(call)
    assert again.artefacts == first.artefacts
    tell(chain, again)
    chain.clock.advance(timedelta(seconds=5))
    chain.run(call)
    chain.drain()
    assert chain.api(f"/api/v3/batches/{batch_id}/verify").body["ok"]


def test_a_log_that_is_not_what_a_failed_run_says_is_not_listed(chain: Chain) -> None:
    batch_id = opened(chain, 1, **DOOMED)
    deliver_all(chain)
    [answer] = answers(chain)
    wiring.local_blobs().put(answer.artefacts[0].key, b"another")
    tell(chain, answer)
    chain.drain()
    job = chain.api(f"/api/jobs/{job_id(batch_id, 0)}").body
    assert (job["status"], job["files"]) == ("failed", [])
    assert job["error_message"] == "this ligand was drawn to fail"
