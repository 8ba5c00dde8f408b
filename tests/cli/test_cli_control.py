"""Commands that act: pause, resume, cancel, retry, delete, verify, reconcile."""

from pathlib import Path

from tests.cli.program import Omtx, submitted


def test_a_paused_screen_waits_and_goes_on_when_resumed(omtx: Omtx, library: Path) -> None:
    batch = submitted(omtx, library, delay_seconds=1)
    assert omtx("pause", batch).json["success"]
    assert omtx("status", batch).json["status"] == "paused"
    assert omtx("resume", batch).json["success"]
    last = omtx("watch", batch)
    assert (last.code, last.json["accounting"]["completed"]) == (0, 3)


def test_cancelling_keeps_what_is_done(omtx: Omtx, library: Path) -> None:
    batch = submitted(omtx, library, delay_seconds=20)
    assert omtx("cancel", batch).json["success"]
    last = omtx("watch", batch)
    assert last.code == 9
    assert last.json["status"] == "cancelled"
    assert last.json["accounting"]["cancelled"] == 3


def test_a_finished_batch_cannot_be_cancelled(omtx: Omtx, library: Path) -> None:
    answer = omtx("cancel", submitted(omtx, library, "--wait"))
    assert answer.code == 5
    assert "nothing left to cancel" in answer.err


def test_what_failed_is_retried_and_what_succeeded_is_kept(omtx: Omtx, library: Path) -> None:
    batch = submitted(omtx, library, failure_rate=1, failing_rounds=1)
    assert omtx("watch", batch).json["accounting"]["failed"] == 3
    answer = omtx("retry", batch, "--wait")
    assert (answer.code, answer.json["round"]) == (0, 1)
    assert "3 completed + 0 failed" in answer.err
    assert omtx("retry", batch).code == 5


def test_a_deleted_batch_is_gone_and_deleting_it_again_is_no_mistake(omtx: Omtx, library: Path) -> None:
    batch = submitted(omtx, library, "--wait")
    refused = omtx("delete", batch)
    assert (refused.code, "--yes" in refused.err) == (5, True)
    assert omtx("delete", batch, "--yes").json["deleted_jobs"] == 3
    assert omtx("status", batch).code == 4
    assert omtx("delete", batch, "--yes").code == 0


def test_verify_counts_and_hashes_again(omtx: Omtx, library: Path) -> None:
    answer = omtx("verify", submitted(omtx, library, "--wait", payload_bytes=10))
    assert answer.code == 0
    assert answer.json["ok"]
    assert answer.json["artefacts_checked"] > 3
    assert answer.json["sentence"] == (
        "submitted 3 = 3 completed + 0 failed + 0 invalid + 0 filtered + 0 cancelled"
    )


def test_verify_finds_an_artefact_that_was_changed(omtx: Omtx, library: Path, server_home: Path) -> None:
    batch = submitted(omtx, library, "--wait")
    table = server_home / "objects" / "batches" / batch / "results" / "batch_results.csv"
    table.chmod(0o600)
    table.write_text(table.read_text().replace("ethanol", "methanol"))
    answer = omtx("verify", batch)
    assert answer.code == 9
    assert not answer.json["ok"]
    assert "batch_results.csv is not what was stored" in answer.err


def test_reconcile_with_a_server_waits_for_the_named_batch(omtx: Omtx, library: Path) -> None:
    batch = submitted(omtx, library, delay_seconds=0.2)
    answer = omtx("reconcile", "--batch", batch, "--timeout", 60)
    assert answer.code == 0
    assert [found["status"] for found in answer.json["batches"]] in ([], ["completed"])
    assert omtx("reconcile", "--batch", batch).json == {"findings": [], "batches": []}


def test_reconcile_does_not_know_an_unknown_batch(omtx: Omtx) -> None:
    assert omtx("reconcile", "--batch", "batch_nowhere").code == 4
