"""Screens from POST to recorded outcomes, with workers that crash, hang and fail."""

import json
from collections import Counter
from pathlib import Path

import pytest

from shared import wiring
from shared.models.facts import OutcomeKind
from shared.models.work import FailureClass
from tests.local.running import Running, until
from tests.support.orders import noop_order


def test_a_posted_screen_ends_with_one_outcome_per_ligand(running: Running) -> None:
    batch = running.submit(noop_order(20, invalid=2))

    outcomes = running.settled(batch, 20)

    assert [outcome.ref.position for outcome in outcomes] == list(range(20))
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.COMPLETED}
    assert all(outcome.test_model and outcome.call_id and outcome.machine for outcome in outcomes)
    assert all(-10 <= float(str(outcome.metrics["affinity"])) <= 0 for outcome in outcomes)


def test_a_posted_screen_is_aggregated_and_verifies(running: Running) -> None:
    batch = running.submit(noop_order(5))

    until(lambda: running.client.get(f"/api/v3/batches/{batch}/status").json()["status"] == "completed")

    assert running.client.get(f"/api/v3/batches/{batch}/verify").json()["ok"]
    assert wiring.local_bus().dead_letters() == []


def test_a_payload_is_stored_with_its_results_file_and_verified(running: Running) -> None:
    batch = running.submit(noop_order(3, parameters={"payload_bytes": 2000}))

    for outcome in running.settled(batch, 3):
        assert outcome.kind is OutcomeKind.COMPLETED, outcome.failure
        assert [artefact.name for artefact in outcome.artefacts] == [
            "payload.bin",
            "results.json",
            "logs.txt",
        ]
        assert wiring.blobs().stat(outcome.artefacts[0].key).size == 2000
        results = json.loads(wiring.blobs().get(outcome.artefacts[1].key))
        assert (results["job_id"], results["test_model"]) == (outcome.ref.job_id, True)


def test_two_runs_of_the_same_ligand_write_identical_bytes(running: Running) -> None:
    order = noop_order(1, parameters={"payload_bytes": 100})
    first, second = (running.settled(running.submit(order), 1)[0] for _ in range(2))

    one, other = (json.loads(wiring.blobs().get(o.artefacts[1].key)) for o in (first, second))
    names = {"job_id", "batch_id"}
    assert {k: v for k, v in one.items() if k not in names} == {
        k: v for k, v in other.items() if k not in names
    }
    assert first.artefacts[0].sha256 == second.artefacts[0].sha256


def test_the_log_of_a_run_says_what_it_was_asked_and_where_it_ran(running: Running) -> None:
    batch = running.submit(noop_order(1, parameters={"payload_bytes": 10}))
    [outcome] = running.settled(batch, 1)
    reply = running.client.get(f"/api/jobs/{outcome.ref.job_id}/download/log")
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    for said in (outcome.ref.job_id, outcome.seed, outcome.call_id, outcome.machine):
        assert str(said) in reply.text
    assert "uploads: 0." in reply.text
    assert "signature" not in reply.text


def test_of_a_finished_screen_the_engine_keeps_no_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.pool.PRUNE_SECONDS", 0.1)
    monkeypatch.setattr("local.pool.PRUNED_AT_ONCE", 2)
    with Running(tmp_path / "home") as running:
        batch = running.submit(noop_order(7))
        until(lambda: running.client.get(f"/api/v3/batches/{batch}/status").json()["status"] == "completed")
        until(lambda: not wiring.local_database().read("SELECT 1 FROM calls LIMIT 1"))
        assert running.client.get(f"/api/v3/batches/{batch}/verify").json()["ok"]


def test_the_last_words_of_a_worker_that_died_are_in_its_log(tmp_path: Path) -> None:
    logs = tmp_path / "home" / "logs"
    logs.mkdir(parents=True)
    (logs / "worker-1.run").write_bytes(b"terminate called after throwing\n")
    with Running(tmp_path / "home", workers=1) as running:
        running.settled(running.submit(noop_order(1)), 1)
    assert (logs / "worker-1.log").read_bytes() == b"terminate called after throwing\n"
    assert (logs / "worker-1.run").read_bytes() == b""


def test_a_worker_that_crashes_costs_its_ligand_one_attempt(running: Running) -> None:
    crashing = running.submit(noop_order(4, parameters={"crash_attempts": 1}))
    healthy = running.submit(noop_order(30))

    assert {outcome.ref.attempt for outcome in running.settled(healthy, 30)} == {1}
    for outcome in running.settled(crashing, 4):
        assert (outcome.kind, outcome.ref.attempt) == (OutcomeKind.COMPLETED, 2)


def test_a_ligand_whose_worker_always_crashes_fails_with_the_exit_code(running: Running) -> None:
    configuration = {"max_retry_attempts": 2}
    batch = running.submit(noop_order(2, parameters={"crash_attempts": 5}, configuration=configuration))

    for outcome in running.settled(batch, 2):
        assert outcome.failure is not None
        assert (outcome.failure.kind, outcome.ref.attempt) == (FailureClass.INFRASTRUCTURE, 2)
        assert "exit code 70" in outcome.failure.message


def test_a_worker_whose_model_is_spent_costs_no_ligand_but_its_own_an_attempt(tmp_path: Path) -> None:
    with Running(tmp_path, workers=1) as running:
        before = running.submit(noop_order(30))
        breaking = running.submit(noop_order(4, parameters={"break_attempts": 1}))
        behind = running.submit(noop_order(30))

        attempts = {(it.kind, it.ref.attempt) for it in running.settled(breaking, 4)}
        assert attempts == {(OutcomeKind.COMPLETED, 2)}
        for healthy in (before, behind):
            outcomes = running.settled(healthy, 30)
            assert {(it.kind, it.ref.attempt) for it in outcomes} == {(OutcomeKind.COMPLETED, 1)}


def test_each_run_that_breaks_its_process_had_a_fresh_one(running: Running) -> None:
    once = {"max_retry_attempts": 1}
    batch = running.submit(noop_order(5, parameters={"break_attempts": 5}, configuration=once))

    failures = [outcome.failure for outcome in running.settled(batch, 5) if outcome.failure]
    assert {failure.kind for failure in failures} == {FailureClass.INFRASTRUCTURE}
    assert len({failure.message for failure in failures}) == 5  # each names its process


def test_a_run_that_hangs_is_killed_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMTX_MOST_RUN_SECONDS", "0.5")
    with Running(tmp_path) as running:
        once = running.submit(noop_order(2, parameters={"hang_attempts": 1}))
        always = running.submit(
            noop_order(1, parameters={"hang_attempts": 5}, configuration={"max_retry_attempts": 2})
        )

        assert {o.ref.attempt for o in running.settled(once, 2)} == {2}
        (outcome,) = running.settled(always, 1)
        assert outcome.failure is not None
        assert outcome.failure.kind is FailureClass.TIMEOUT
        assert outcome.failure.message == "the run took longer than 0.5 seconds"


def test_ligands_drawn_to_fail_fail_at_once_and_the_others_complete(running: Running) -> None:
    batch = running.submit(noop_order(40, parameters={"failure_rate": 0.5}))

    outcomes = running.settled(batch, 40)

    kinds = Counter(outcome.kind for outcome in outcomes)
    assert kinds[OutcomeKind.FAILED] > 5
    assert kinds[OutcomeKind.COMPLETED] > 5
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    assert {failure.kind for failure in failures} == {FailureClass.MODEL_ERROR}
    assert {outcome.ref.attempt for outcome in outcomes} == {1}


def test_cancelling_kills_the_runs_and_settles_every_ligand(running: Running) -> None:
    batch = running.submit(noop_order(6, parameters={"delay_seconds": 4}))
    other = running.submit(noop_order(3))
    until(lambda: wiring.local_calls().counts().get("running", 0) > 0)

    wiring.ledger().intend(batch, cancelled_at=wiring.clock().now())

    outcomes = running.settled(batch, 6)
    assert OutcomeKind.CANCELLED in {outcome.kind for outcome in outcomes}
    assert {outcome.kind for outcome in running.settled(other, 3)} == {OutcomeKind.COMPLETED}
    until(lambda: not wiring.local_calls().cancelling() and not wiring.local_calls().counts())


def test_a_runner_that_is_stopped_leaves_long_runs_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.pool.GRACE_SECONDS", 0.2)
    with Running(tmp_path) as running:
        batch = running.submit(noop_order(3, parameters={"delay_seconds": 2}))
        until(lambda: wiring.local_calls().counts().get("running", 0) == 2)

    with Running(tmp_path) as running:
        outcomes = running.settled(batch, 3)
        assert [(o.kind, o.ref.attempt) for o in outcomes] == [(OutcomeKind.COMPLETED, 1)] * 3
